"""Scripts that are written without spaces: joining words to a text, and finding the tokens of a text again.

A token is a word, or one written character of such a script with the marks that belong to it: no recogniser tells the
words of Chinese, Japanese, Thai, Lao, Khmer, Burmese or Tibetan apart.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, groupby
from typing import Protocol

_HAN = "\u2e80-\u2fdf\u3006\u3007\u3021-\u3029\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"
_OPENING = "\u3008\u300a\u300c\u300e\u3010\u3014\u3016\u3018\u301a\uff08\uff3b\uff5b"
# First and last code points of the other scripts, and of the marks that need no space beside them.
_KANA = ((0x3031, 0x3035), (0x3041, 0x30FA), (0x30FC, 0x30FF), (0x3105, 0x312F), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))
_SOUTH_EAST = ((0x0E01, 0x109F), (0x1780, 0x17FF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F))
_MARKED = ((0x3001, 0x3004), (0x3008, 0x301F), (0x30FB, 0x30FB), (0xFF01, 0xFF0F), (0xFF1A, 0xFF20), (0xFF3B, 0xFF65))

_LEADING = "\u0e40-\u0e44\u0ec0-\u0ec4"  # vowels that are written before their consonant
_STACKING = "\u1039\u17d2"  # the next consonant is written below
_WRITTEN_AFTER = "\u0e2f\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3\u0f0b\u0f0c"  # vowels and signs after a consonant


def _class(ranges: Iterable[tuple[int, int]], wanted: Callable[[str], bool]) -> str:
    """The wanted characters of the ranges, for a class of a regular expression."""
    points = [point for first, last in ranges for point in range(first, last + 1) if wanted(chr(point))]
    runs = groupby(enumerate(points), key=lambda numbered: numbered[1] - numbered[0])
    ends = [[point for _, point in run] for _, run in runs]
    return "".join(f"\\U{run[0]:08x}-\\U{run[-1]:08x}" for run in ends)


def _follows(character: str) -> bool:
    """Whether it never begins a token: signs of vowels and tones, small kana, marks of length and repetition."""
    small = " SMALL " in unicodedata.name(character, "")
    return small or unicodedata.category(character) in {"Mn", "Mc", "Me", "Lm"} or character in _WRITTEN_AFTER


@dataclass(frozen=True, slots=True)
class _Patterns:
    """``letter``: a letter, digit or mark that decides whether a space is written beside it."""

    spaceless: re.Pattern[str]
    token: re.Pattern[str]
    letter: re.Pattern[str]
    eastern: re.Pattern[str]
    southern: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Compiled at first use, because most processes need none of them."""
    following = "\u3005" + _class((*_KANA, *_SOUTH_EAST), _follows)
    base = f"{_HAN}{_class((*_KANA, *_SOUTH_EAST), lambda c: c.isalpha() and not _follows(c))}"
    marks = _class(_MARKED, lambda c: unicodedata.category(c)[0] in "PS")
    closing = f"(?:(?![{_OPENING}])[{marks}])"
    written = rf"[{_LEADING}]?[{base}](?:[{_STACKING}][{base}]|[{following}{_HANGUL}]|[^\w\s{_OPENING}])*"
    return _Patterns(
        spaceless=re.compile(f"[{base}{following}{marks}]"),
        token=re.compile(
            rf"[{_OPENING}]*(?:{written}|[^\s{base}{marks}]+{closing}*|{closing}+)|[{_OPENING}]+",
        ),
        letter=re.compile(rf"[\w{marks}{following}]"),
        eastern=re.compile(f"[{_HAN}\u3005{_class(_KANA, str.isprintable)}{marks}]"),
        southern=re.compile(f"[{_class(_SOUTH_EAST, str.isprintable)}]"),
    )


_WORDS = re.compile(r"\S+")
_KOREAN = re.compile(f"[{_HANGUL}]")


def is_spaceless(text: str) -> bool:
    """Whether the text has characters of a script without spaces."""
    return not text.isascii() and _patterns().spaceless.search(text) is not None


def joined(words: Iterable[str]) -> str:
    """The words with a space between each two that are written with one."""
    texts = list(words)
    spaced = " ".join(texts)
    if not is_spaceless(spaced):
        return spaced
    return "".join(gap + text for gap, text in zip(_gaps(texts), texts, strict=True))


def tokens(text: str) -> list[str]:
    """The tokens of a text that `joined` made: those that white space separates, and characters without spaces."""
    return _patterns().token.findall(text) if is_spaceless(text) else text.split()


def token_spans(text: str) -> list[tuple[int, int]]:
    """The first character of each token, and the one after its last."""
    pattern = _patterns().token if is_spaceless(text) else _WORDS
    return [match.span() for match in pattern.finditer(text)]


def _gaps(texts: Sequence[str]) -> Iterator[str]:
    for before, text in zip(["", *texts], texts, strict=False):
        yield _gap(before, text) if before else ""


def _gap(before: str, after: str) -> str:
    patterns = _patterns()
    last, first = patterns.letter.search(before[::-1]), patterns.letter.search(after)
    if last is None or first is None:
        return " "
    pair = last[0], first[0]
    eastern = any(map(patterns.eastern.match, pair)) and not any(map(_KOREAN.match, pair))
    return "" if eastern or all(map(patterns.southern.match, pair)) else " "


class Timed(Protocol):
    """A piece of text, spoken from ``start`` to ``end`` (s)."""

    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def start(self) -> float: ...  # noqa: D102
    @property
    def end(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class TimedToken:
    """A token and its time (s); it is made of pieces from index ``first`` to before ``after``."""

    text: str
    start: float
    end: float
    first: int
    after: int


def first_pieces(words: Sequence[str]) -> list[int]:
    """Per token of the joined words, the index of the word that it begins with."""
    spaced = [gap + text for gap, text in zip(_gaps(words), words, strict=True)]
    begins = list(accumulate(map(len, spaced), initial=0))
    return [bisect_right(begins, begin) - 1 for begin, _ in token_spans("".join(spaced))]


def timed_tokens(pieces: Sequence[Timed], *, spaced: bool = False) -> Iterator[TimedToken]:
    """The tokens of the pieces, which share the time of a piece by their letters.

    The pieces are words, or, if ``spaced``, parts of a text that has all its spaces.
    """
    texts = [piece.text for piece in pieces]
    if not spaced:
        texts = [gap + text for gap, text in zip(_gaps(texts), texts, strict=True)]
    begins = list(accumulate(map(len, texts), initial=0))
    text = "".join(texts)
    for begin, end in token_spans(text):
        first, last = (bisect_right(begins, at) - 1 for at in (begin, end - 1))
        start = _time_at(pieces[first], texts[first], begin - begins[first])
        until = _time_at(pieces[last], texts[last], end - begins[last])
        yield TimedToken(text[begin:end], start, until, first, last + 1)


def _time_at(piece: Timed, text: str, character: int) -> float:
    before, letters = len("".join(text[:character].split())), len("".join(text.split()))
    return piece.start + (piece.end - piece.start) * before / max(1, letters)
