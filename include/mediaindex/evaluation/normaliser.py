"""The text normaliser of the Whisper paper and the Open ASR Leaderboard: case, punctuation, spelling, numbers.

English has its own (numbers as digits, contractions written out, fillers dropped); other languages lose case,
punctuation and symbols. Where a script puts no spaces between words, each character counts as one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

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
