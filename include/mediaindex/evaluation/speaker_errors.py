"""cpWER: word errors when every speaker's words are one text and speakers are paired as it suits best.

MeetEval has it too, but comes as C++ source only: setting up would then need a compiler. The definition is short, and
tests hold it to cases worked out by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .tally import Tally

Words = Sequence[str]


def speaker_word_errors(reference: Mapping[str, Words], said: Mapping[str, Words]) -> Tally:
    """Concatenated minimum-permutation word errors over the words of the reference; tokens normalised.

    A speaker without a partner counts with all words: as deletions in the reference, as insertions in what was said.
    """
    from rapidfuzz.distance import Levenshtein
    from scipy.optimize import linear_sum_assignment

    texts, others = list(reference.values()), list(said.values())
    size = max(len(texts), len(others))
    texts += [()] * (size - len(texts))
    others += [()] * (size - len(others))
    costs = [[Levenshtein.distance(text, other) for other in others] for text in texts]
    rows, columns = linear_sum_assignment(costs) if costs else ((), ())
    errors = sum(costs[row][column] for row, column in zip(rows, columns, strict=True))
    return Tally(part=errors, whole=sum(map(len, texts)))
