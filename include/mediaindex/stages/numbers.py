"""Numbers written as digits, as a newspaper writes them: from ten on, and whatever took more than one word.

What could be read in two ways stays in words: "seven thirty", "four five years", "no one", "a second".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from operator import add, itemgetter
from typing import TYPE_CHECKING

from .protocols import SpokenNumber
from .tokens import Token, joined

if TYPE_CHECKING:
    from .protocols import NumberFinder

LEAST_ALONE = 10  # smaller ones in one word stay a word
GROUPED_FROM = 10_000  # 12,500; but 1984 and 2500
DIGITS_IN_A_ROW = 3  # of which a number is dictated
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
_BEFORE_ORDINAL = "the on january february march april may june july august september october november december"
DIGITS = frozenset(_DIGITS.split())
SPOKEN_ZERO = frozenset(["oh", "o"])
AROUND_ZERO = DIGITS | SPOKEN_ZERO
BEFORE_ZERO = AROUND_ZERO | {"sixteen", "seventeen", "eighteen", "nineteen", "twenty"}
BEFORE_YEAR = frozenset(_BEFORE_YEAR.split())
COUNTED = frozenset(_COUNTED.split())
MEASURED = frozenset(_MEASURED.split())
BEFORE_A_POINT = frozenset(_BEFORE_A_POINT.split())
BEFORE_ORDINAL = frozenset(_BEFORE_ORDINAL.split())


def with_digits(tokens: Sequence[Token], language: str, finder: NumberFinder, pause: float) -> list[Token]:
    """The tokens, several of one number as one; a silence of ``pause`` seconds or a mark keeps numbers apart."""
    if language not in finder.languages:
        return list(tokens)
    apart = [False, *(_apart(before, after, pause) for before, after in pairwise(tokens))][: len(tokens)]
    words = [token.core.lower() for token in tokens]
    if language == "en":
        words = _with_zeros(words)
        chosen = list(_english(finder.numbers(words, language, apart), words, apart))
    else:
        chosen = list(_plain(finder.numbers(words, language, apart)))
    result: list[Token] = []
    at = 0
    for number in chosen:
        part = tokens[number.first : number.end]
        opening = part[0].text[: part[0].text.lower().find(part[0].core.lower())]
        result += [*tokens[at : number.first], joined(part, opening + number.digits + part[-1].mark)]
        at = number.end
    return [*result, *tokens[at:]]


def _apart(before: Token, after: Token, pause: float) -> bool:
    return after.start - before.end >= pause or before.mark != ""


def _with_zeros(words: Sequence[str]) -> list[str]:
    """ "oh" between digits is a zero."""
    around = zip(["", *words], words, [*words[1:], ""], strict=False)
    return [
        "zero" if word in SPOKEN_ZERO and before in BEFORE_ZERO and after in AROUND_ZERO else word
        for before, word, after in around
    ]


def _plain(found: Sequence[SpokenNumber]) -> Iterator[SpokenNumber]:
    """Cardinals that stand alone."""
    for run in _runs(found):
        if len(run) == 1 and not run[0].ordinal and _worth(run[0]):
            yield run[0]


def _english(found: Sequence[SpokenNumber], words: Sequence[str], apart: Sequence[bool]) -> Iterator[SpokenNumber]:
    counted = [number for number in found if number.end - number.first > 1 or words[number.first] not in SCALES]
    for run in _runs(counted):
        if _dictated(run, words):
            yield from _groups(run, apart)
        elif len(run) == 1:
            yield from _alone(run[0], words)
        elif len(run) == 2 and (year := _year(run, words)):
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


def _alone(number: SpokenNumber, words: Sequence[str]) -> Iterator[SpokenNumber]:
    first, end, digits = number.first, number.end, number.digits
    before, after = words[first - 1] if first else "", words[end] if end < len(words) else ""
    fraction = before == "point" and after in MEASURED and (first < 2 or words[first - 2] not in BEFORE_A_POINT)
    if fraction and digits.isdigit():
        yield SpokenNumber(first - 1, end, f"0.{digits}")
        return
    if not _worth(number) or after.endswith("ties"):  # "the nineteen sixties"
        return
    if number.ordinal and (before not in BEFORE_ORDINAL or after in COUNTED):  # "a twenty second pause"
        return
    scale = LARGE.get(words[end - 1], 0)
    if scale and int(digits) < 1000 * scale:
        yield SpokenNumber(first, end - 1, str(int(digits) // scale))  # 200 million
        return
    first -= before == "a" and words[first] in SCALES  # "a hundred and fifty"
    yield SpokenNumber(first, end, _grouped(digits), number.ordinal)


def _grouped(digits: str) -> str:
    return f"{int(digits):,}" if digits.isdigit() and int(digits) >= GROUPED_FROM and digits[0] != "0" else digits


def _year(run: Sequence[SpokenNumber], words: Sequence[str]) -> SpokenNumber | None:
    """ "nineteen eighty four"; "in twenty twenty", but not "twenty thirty people"."""
    century, rest = run
    if not (len(century.digits) == len(rest.digits) == 2 and f"{century.digits}{rest.digits}".isdigit()):
        return None
    cue = century.first > 0 and words[century.first - 1] in BEFORE_YEAR
    counts = rest.end < len(words) and words[rest.end] in COUNTED
    sure = int(century.digits) in SURE_CENTURIES and not 10 <= int(rest.digits) < 20
    if counts or int(century.digits) not in CENTURIES or not (cue or sure):
        return None
    return SpokenNumber(century.first, rest.end, century.digits + rest.digits)


def _dictated(run: Sequence[SpokenNumber], words: Sequence[str]) -> bool:
    """Digits one by one, and nobody counting: "five five five one", not "one two three"."""
    said = words[run[0].first : run[-1].end]
    if len(said) < DIGITS_IN_A_ROW or not DIGITS.issuperset(said):
        return False
    digits = [int(digit) for number in run for digit in number.digits]
    return {after - before for before, after in pairwise(digits)} not in ({1}, {-1})


def _groups(run: Sequence[SpokenNumber], apart: Sequence[bool]) -> Iterator[SpokenNumber]:
    """Dictated digits joined, up to each pause."""
    starts = accumulate((apart[number.first] for number in run), add)
    for _, numbers in groupby(zip(starts, run, strict=True), key=itemgetter(0)):
        group = [number for _, number in numbers]
        yield SpokenNumber(group[0].first, group[-1].end, "".join(number.digits for number in group))
