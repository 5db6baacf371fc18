"""Word and character errors, counted by jiwer on normalised text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict


class Tally(BaseModel):
    """``part`` of ``whole``; both add up over files, so that long files weigh more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: float
    whole: float

    @property
    def value(self) -> float | None:
        """The ratio; None where there was nothing to be wrong about."""
        return self.part / self.whole if self.whole else None


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    parts = [(tally.part, tally.whole) for tally in tallies]
    return Tally(part=sum(part for part, _ in parts), whole=sum(whole for _, whole in parts))


def word_errors(reference: str, said: str) -> Tally:
    """Words wrong, missing or too many, over the words of the reference. Both texts normalised."""
    import jiwer

    counted = jiwer.process_words(reference, said)
    errors = counted.substitutions + counted.deletions + counted.insertions
    return Tally(part=errors, whole=len(reference.split()))


def character_errors(reference: str, said: str) -> Tally:
    """The same with characters, spaces between words among them."""
    import jiwer

    counted = jiwer.process_characters(reference, said)
    errors = counted.substitutions + counted.deletions + counted.insertions
    return Tally(part=errors, whole=len(reference))


def equal_pairs(reference: Sequence[str], said: Sequence[str]) -> list[tuple[int, int]]:
    """Positions (in the reference, in what was said) of tokens that the best alignment finds equal."""
    import jiwer

    if not reference or not said:
        return []
    (chunks,) = jiwer.process_words(" ".join(reference), " ".join(said)).alignments
    return [
        (chunk.ref_start_idx + step, chunk.hyp_start_idx + step)
        for chunk in chunks
        if chunk.type == "equal"
        for step in range(chunk.ref_end_idx - chunk.ref_start_idx)
    ]


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


Normaliser = Callable[[str], str]

NAME = "whisper-normalizer"
NO_SPACES = frozenset({"ja", "zh", "yue", "th", "lo", "my"})


@cache
def normaliser_for(lang: str | None) -> Normaliser:
    """The normaliser of a language (ISO 639-1, regions ignored); of English where the language is not known."""
    from whisper_normalizer.basic import BasicTextNormalizer
    from whisper_normalizer.english import EnglishTextNormalizer

    short = base(lang) if lang else "en"
    rewrite = EnglishTextNormalizer() if short == "en" else BasicTextNormalizer(split_letters=short in NO_SPACES)
    return lambda text: " ".join(rewrite(text).split())


def base(lang: str) -> str:
    """``en`` of ``en-US``."""
    return lang.replace("_", "-").partition("-")[0].lower()
