"""Numbers written as digits, as a newspaper writes them: from ten on, and whatever took more than one word.

What could be read in two ways stays in words: "seven thirty", "four five years", "no one", "a second". So does what
goes on with digits that the recogniser wrote: "5 hundred", "2,5 Millionen".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

from .protocols import SpokenNumber
from .tokens import Token, joined

if TYPE_CHECKING:
    from .protocols import NumberFinder

LEAST_ALONE = 10  # smaller ones in one word stay a word
GROUPED_FROM = 10_000  # 12,500; but 1984 and 2500
DIGITS_IN_A_ROW = 3  # of which a number is dictated
LEAST_SCALE = 100  # from here on a power of ten in one word counts something: "hundred", "Millionen", "mil"
LARGE = {"million": 10**6, "billion": 10**9, "trillion": 10**12}
SCALES = frozenset(["hundred", "thousand", *LARGE])
SURE_CENTURIES = range(17, 20)  # "nineteen eighty four" is a year wherever it stands
CENTURIES = range(11, 22)
_DIGITS = "zero one two three four five six seven eight nine"
_BEFORE_YEAR = "in since until till from of by before after around during year summer spring autumn fall"
_COUNTED = """
    year years month months week weeks day days hour hours minute minutes second seconds people men women children times
    percent dollars euros pounds miles kilometers meters feet inches degrees points
"""
_MEASURED = "percent million billion seconds miles kilometers meters inches degrees"
_BEFORE_A_POINT = "a at each every one some that the this which"  # "at this point five percent"
_VAGUE = "few several couple many of"  # "a few hundred thousand"
_BEFORE_ORDINAL = "the on january february march april may june july august september october november december"
DIGITS = frozenset(_DIGITS.split())
SPOKEN_ZERO = frozenset(["oh", "o"])
BEFORE_ZERO = DIGITS | {"sixteen", "seventeen", "eighteen", "nineteen", "twenty"}
BEFORE_YEAR = frozenset(_BEFORE_YEAR.split())
COUNTED = frozenset(_COUNTED.split())
MEASURED = frozenset(_MEASURED.split())
BEFORE_A_POINT = frozenset(_BEFORE_A_POINT.split())
VAGUE = frozenset(_VAGUE.split())
GERMAN_LARGE = frozenset(["million", "milliarde", "billion", "billiarde"])  # "eine" before them is no number
BEFORE_ORDINAL = frozenset(_BEFORE_ORDINAL.split())


@dataclass(frozen=True, slots=True)
class _Said:
    """``words``: lower case, no marks; ``before``: of each place the word it may go on with, "" behind a mark or quote;
    ``apart``: of each place whether a pause, mark or quote keeps it from the word before."""

    words: Sequence[str]
    before: Sequence[str]
    apart: Sequence[bool]


def with_digits(tokens: Sequence[Token], language: str, finder: NumberFinder, pause: float) -> list[Token]:
    """The tokens, several of one number as one; a pause of ``pause`` seconds, a mark or a quote keeps numbers apart."""
    if language not in finder.languages:
        return list(tokens)
    said = _said(tokens, pause, zeros=language == "en")
    found = finder.numbers(said.words, language, said.apart)
    result: list[Token] = []
    at = 0
    for number in _english(found, said) if language == "en" else _plain(found, said):
        part = tokens[number.first : number.end]
        opening, closing = _around(part[0])[0], _around(part[-1])[1]
        result += [*tokens[at : number.first], joined(part, opening + number.digits + closing)]
        at = number.end
    return [*result, *tokens[at:]]


def _said(tokens: Sequence[Token], pause: float, zeros: bool) -> _Said:
    words = [(token.core or token.text).lower() for token in tokens]
    if zeros:
        words = _with_zeros(words, tokens)
    marked = [True, *(_marked(before, after) for before, after in pairwise(tokens))][: len(tokens)]
    silent = [False, *(after.start - before.end >= pause for before, after in pairwise(tokens))][: len(tokens)]
    before = ["" if mark else word for mark, word in zip(marked, ["", *words], strict=False)]
    apart = [i > 0 and (mark or silence) for i, (mark, silence) in enumerate(zip(marked, silent, strict=True))]
    return _Said(words, before, apart)


def _marked(before: Token, after: Token) -> bool:
    return _around(before)[1] != "" or _around(after)[0] != ""


def _around(token: Token) -> tuple[str, str]:
    """The punctuation before and behind a word; for a dash alone all of it before."""
    begin = token.text.index(token.core) if token.core else len(token.text)
    return token.text[:begin], token.text[begin + len(token.core) :]


def _with_zeros(words: Sequence[str], tokens: Sequence[Token]) -> list[str]:
    """ "oh" between digits is a zero; several of them are all zeros or none. "five. Oh, seven" has none."""
    result: list[str] = []
    for spoken_zero, run in groupby(words, SPOKEN_ZERO.__contains__):
        part = list(run)
        at, end = len(result), len(result) + len(part)
        around = at > 0 and words[at - 1] in BEFORE_ZERO and end < len(words) and words[end] in DIGITS
        if spoken_zero and around and not any(token.mark for token in tokens[at:end]):
            part = ["zero"] * len(part)
        result += part
    return result


def _plain(found: Sequence[SpokenNumber], said: _Said) -> Iterator[SpokenNumber]:
    """Cardinals that stand alone and are whole."""
    for run in _runs(found):
        number = run[0]
        counted = _behind_digits(number.first, said) or said.words[number.first] in GERMAN_LARGE
        # "deux virgule cinq millions" is found as 2,5000000.
        added = "," in number.digits and number.digits.endswith("00")
        if len(run) == 1 and not number.ordinal and _worth(number) and not (counted or added or _scale(number, said)):
            yield number


def _english(found: Sequence[SpokenNumber], said: _Said) -> Iterator[SpokenNumber]:
    for run in _runs([number for number in found if not _scale(number, said)]):
        if _dictated(run, said.words):
            yield from _groups(run, said.apart)
        elif len(run) == 1:
            yield from _alone(run[0], said)
        elif len(run) == 2 and (year := _year(run, said)):
            yield year


def _runs(found: Sequence[SpokenNumber]) -> Iterator[list[SpokenNumber]]:
    """Numbers right behind each other."""
    run: list[SpokenNumber] = []
    for number in found:
        if run and number.first != run[-1].end:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _worth(number: SpokenNumber) -> bool:
    return number.end - number.first > 1 or (number.digits.isdigit() and int(number.digits) >= LEAST_ALONE)


def _scale(number: SpokenNumber, said: _Said) -> bool:
    """One word that says how many times: "thousand", "Millionen", "hundreds"."""
    if number.end - number.first > 1 or not number.digits.isdigit():
        return False
    power = int(number.digits) >= LEAST_SCALE and number.digits.rstrip("0") == "1"
    return power or said.words[number.first] in SCALES


def _behind_digits(place: int, said: _Said) -> bool:
    return said.before[place][-1:].isdigit()


def _alone(number: SpokenNumber, said: _Said) -> Iterator[SpokenNumber]:
    first, end, digits = number.first, number.end, number.digits
    words, before = said.words, said.before[first]
    after = words[end] if end < len(words) else ""
    fraction = _fraction(number, said, after)
    start = first - (fraction or (before == "a" and words[first] in SCALES))  # "a hundred and fifty"
    if _behind_digits(start, said) or _vague(number, start, said):
        return
    if fraction:
        yield SpokenNumber(start, end, f"0.{digits}")
        return
    if not _worth(number) or after.endswith("ties"):  # "the nineteen sixties"
        return
    if number.ordinal and (before not in BEFORE_ORDINAL or after in COUNTED):  # "a twenty second pause"
        return
    scale = LARGE.get(words[end - 1], 0)
    if scale and int(digits) < 1000 * scale:
        yield SpokenNumber(start, end - 1, str(int(digits) // scale))  # 200 million
    else:
        yield SpokenNumber(start, end, _grouped(digits), number.ordinal)


def _vague(number: SpokenNumber, start: int, said: _Said) -> bool:
    """ "a few hundred thousand", "half a hundred thousand"; and "zero million", found as 01000000."""
    counted = said.before[number.first] in VAGUE or said.before[start] == "half"
    nothing = number.digits[0] == "0" and said.words[number.end - 1] in LARGE
    return nothing or (counted and said.words[number.first] in SCALES)


def _fraction(number: SpokenNumber, said: _Said, after: str) -> bool:
    """ "point five percent"; after "at this point", a pause or a mark "five" counts the percent."""
    point = said.before[number.first] == "point" and not said.apart[number.first]
    whole = point and said.before[number.first - 1] in BEFORE_A_POINT
    return point and not whole and after in MEASURED and number.digits.isdigit()


def _grouped(digits: str) -> str:
    return f"{int(digits):,}" if digits.isdigit() and int(digits) >= GROUPED_FROM and digits[0] != "0" else digits


def _year(run: Sequence[SpokenNumber], said: _Said) -> SpokenNumber | None:
    """ "nineteen eighty four"; "in twenty twenty", but not "twenty thirty people"."""
    century, rest = run
    digits = century.digits + rest.digits
    if said.apart[rest.first] or not (len(century.digits) == len(rest.digits) == 2 and digits.isdigit()):
        return None
    cue = said.before[century.first] in BEFORE_YEAR
    counts = rest.end < len(said.words) and said.words[rest.end] in COUNTED
    sure = int(century.digits) in SURE_CENTURIES and not 10 <= int(rest.digits) < 20
    if counts or int(century.digits) not in CENTURIES or not (cue or sure):
        return None
    return SpokenNumber(century.first, rest.end, digits)


def _dictated(run: Sequence[SpokenNumber], words: Sequence[str]) -> bool:
    """Digits one by one, and nobody counting: "five five five one", not "one two three"."""
    said = words[run[0].first : run[-1].end]
    if len(said) < DIGITS_IN_A_ROW or not DIGITS.issuperset(said):
        return False
    digits = [int(digit) for number in run for digit in number.digits]
    return {after - before for before, after in pairwise(digits)} not in ({1}, {-1})


def _groups(run: Sequence[SpokenNumber], apart: Sequence[bool]) -> Iterator[SpokenNumber]:
    """Dictated digits joined, up to each pause."""
    starts = accumulate(apart[number.first] for number in run)
    for _, numbers in groupby(zip(starts, run, strict=True), key=itemgetter(0)):
        group = [number for _, number in numbers]
        yield SpokenNumber(group[0].first, group[-1].end, "".join(number.digits for number in group))
