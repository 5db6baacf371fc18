"""Word and character errors of normalised text, counted by jiwer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict


class Tally(BaseModel):
    """``part`` of ``whole``; both are summed over files, so that long files weigh more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: float
    whole: float

    @property
    def value(self) -> float | None:
        """The ratio; None if ``whole`` is 0."""
        return self.part / self.whole if self.whole else None


def total(tallies: Iterable[Tally]) -> Tally:
    """The sum of all tallies."""
    parts = [(tally.part, tally.whole) for tally in tallies]
    return Tally(part=sum(part for part, _ in parts), whole=sum(whole for _, whole in parts))


def word_errors(reference: str, hypothesis: str) -> Tally:
    """Substituted, missing and inserted words, over the words of the reference. Both texts are normalised."""
    import jiwer

    counted = jiwer.process_words(reference, hypothesis)
    errors = counted.substitutions + counted.deletions + counted.insertions
    return Tally(part=errors, whole=len(reference.split()))


def character_errors(reference: str, hypothesis: str) -> Tally:
    """Like ``word_errors``, with characters, including spaces."""
    import jiwer

    counted = jiwer.process_characters(reference, hypothesis)
    errors = counted.substitutions + counted.deletions + counted.insertions
    return Tally(part=errors, whole=len(reference))


def equal_pairs(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[int, int]]:
    """Positions (in the reference, in the hypothesis) of tokens that are equal in the best alignment."""
    import jiwer

    if not reference or not hypothesis:
        return []
    (chunks,) = jiwer.process_words(" ".join(reference), " ".join(hypothesis)).alignments
    return [
        (chunk.ref_start_idx + step, chunk.hyp_start_idx + step)
        for chunk in chunks
        if chunk.type == "equal"
        for step in range(chunk.ref_end_idx - chunk.ref_start_idx)
    ]


Words = Sequence[str]


def speaker_word_errors(reference: Mapping[str, Words], hypothesis: Mapping[str, Words]) -> Tally:
    """Concatenated minimum-permutation word errors over the words of the reference; tokens normalised.

    A speaker without a partner counts with all words: as deletions in the reference, as insertions in the hypothesis.
    """
    from rapidfuzz.distance import Levenshtein
    from scipy.optimize import linear_sum_assignment

    texts, others = list(reference.values()), list(hypothesis.values())
    size = max(len(texts), len(others))
    texts += [()] * (size - len(texts))
    others += [()] * (size - len(others))
    costs = [[Levenshtein.distance(text, other) for other in others] for text in texts]
    rows, columns = linear_sum_assignment(costs) if costs else ((), ())
    errors = sum(costs[row][column] for row, column in zip(rows, columns, strict=True))
    return Tally(part=errors, whole=sum(map(len, texts)))


Normaliser = Callable[[str], str]

NAME = "whisper-normalizer"
NO_SPACES = frozenset({"ja", "zh", "yue", "th", "lo", "my"})


@cache
def normaliser_for(lang: str | None) -> Normaliser:
    """The normaliser of a language (ISO 639-1, regions ignored); that of English if the language is unknown."""
    from whisper_normalizer.basic import BasicTextNormalizer
    from whisper_normalizer.english import EnglishTextNormalizer

    short = base(lang) if lang else "en"
    rewrite = EnglishTextNormalizer() if short == "en" else BasicTextNormalizer(split_letters=short in NO_SPACES)
    return lambda text: " ".join(rewrite(text).split())


def base(lang: str) -> str:
    """The language without region: ``en`` for ``en-US``."""
    return lang.replace("_", "-").partition("-")[0].lower()
