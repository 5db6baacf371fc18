"""Write numbers as digits, as newspapers do: from ten on, and all numbers of more than one word.

Ambiguous numbers stay in words: "seven thirty", "four five years", "no one", "a second", and numbers side by side: of
"two hundred three hundred" the finder makes 203 and a hundred. So do words after digits that the recogniser wrote:
"5 hundred", "2,5 Millionen".
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

LEAST_ALONE = 10  # smaller numbers of one word stay a word
GROUPED_FROM = 10_000  # 12,500; but 1984 and 2500
DICTATED_FROM = 3  # consecutive digits
LEAST_SCALE = 100  # from here on a power of ten in one word is a multiplier: "hundred", "Millionen", "mil"
LONGEST_MULTIPLIED = 3  # digits: "350 million", but "5000 million" is two numbers
LARGE = {"million": 10**6, "billion": 10**9, "trillion": 10**12}
SCALES = frozenset(["hundred", "thousand", *LARGE])
SURE_CENTURIES = range(17, 20)  # "nineteen eighty four" is always a year
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
# Words between a number and its decimal places, and words for parts: "two hundred and three quarters" is not 203.
POINTS = {
    language: frozenset(words.split())
    for language, words in {
        "da": "komma punktum",
        "de": "komma punkt",
        "en": "point",
        "es": "coma punto",
        "fr": "virgule point",
        "it": "virgola punto",
        "nl": "komma punt",
        "pt": "v\u00edrgula ponto",
    }.items()
}
PARTS = {
    language: frozenset(words.split())
    for language, words in {
        "da": "halv halve tredjedel tredjedele kvart fjerdedel fjerdedele femtedel femtedele",
        "de": "halbe drittel viertel f\u00fcnftel sechstel achtel zehntel",
        "en": "half halves quarter quarters",
        "es": "medio medios media medias tercio tercios cuarto cuartos quinto quintos",
        "fr": "demi demis demie demies tiers quart quarts cinqui\u00e8me cinqui\u00e8mes",
        "it": "mezzo mezza mezzi terzo terzi quarto quarti quinto quinti",
        "nl": "half halve derde kwart vierde vijfde",
        "pt": "meio meia ter\u00e7o ter\u00e7os quarto quartos quinto quintos",
    }.items()
}
# Multipliers that the finder reads only at the end of a number that it accepts, or not at all.
_UNREAD = "trillion trillions mila milione milioni miliardo miliardi bilione bilioni miljoenen miljarden"
UNREAD_SCALES = frozenset([*_UNREAD.split(), "billionen", "bill\u00f3n", "billones", "millier", "milliers"])
# From a thousand millions on a number has one of these words, except in languages that say "mil millones".
MILLIARDS = ("billi", "trilli", "milliard", "miliard", "miljard", "bilion", "biljo")
LONGEST_IN_MILLIONS = 9  # digits
WITHOUT_MILLIARDS = frozenset(["es", "pt"])
GERMAN_LARGE = frozenset(["million", "milliarde", "billion", "billiarde"])  # "eine" before them is not a number
BEFORE_ORDINAL = frozenset(_BEFORE_ORDINAL.split())


@dataclass(frozen=True, slots=True)
class _Context:
    """``words``: in lower case without punctuation; ``before``: per word, the previous word, or "" after punctuation;
    ``apart``: per word, whether a pause or punctuation separates it from the previous word."""

    language: str
    words: Sequence[str]
    before: Sequence[str]
    apart: Sequence[bool]


def with_digits(tokens: Sequence[Token], language: str, finder: NumberFinder, pause: float) -> list[Token]:
    """The tokens, those of a number joined. A pause of ``pause`` seconds or punctuation separates numbers."""
    if language not in finder.languages:
        return list(tokens)
    context = _context(tokens, language, pause)
    numbers = finder.numbers(context.words, language, context.apart)
    result: list[Token] = []
    at = 0
    for number in _english(numbers, context) if language == "en" else _plain(numbers, context):
        part = tokens[number.first : number.end]
        opening, closing = _around(part[0])[0], _around(part[-1])[1]
        result += [*tokens[at : number.first], joined(part, opening + number.digits + closing)]
        at = number.end
    return [*result, *tokens[at:]]


def _context(tokens: Sequence[Token], language: str, pause: float) -> _Context:
    words = [(token.core or token.text).lower() for token in tokens]
    if language == "en":
        words = _with_zeros(words, tokens)
    marked = [True, *(_marked(before, after) for before, after in pairwise(tokens))][: len(tokens)]
    silent = [False, *(after.start - before.end >= pause for before, after in pairwise(tokens))][: len(tokens)]
    before = ["" if mark else word for mark, word in zip(marked, ["", *words], strict=False)]
    apart = [i > 0 and (mark or silence) for i, (mark, silence) in enumerate(zip(marked, silent, strict=True))]
    return _Context(language, words, before, apart)


def _marked(before: Token, after: Token) -> bool:
    return _around(before)[1] != "" or _around(after)[0] != ""


def _around(token: Token) -> tuple[str, str]:
    """The punctuation before and after a word; of a token without letters, all of it before."""
    begin = token.text.index(token.core) if token.core else len(token.text)
    return token.text[:begin], token.text[begin + len(token.core) :]


def _with_zeros(words: Sequence[str], tokens: Sequence[Token]) -> list[str]:
    """The words with "oh" between digits replaced by "zero", but not next to punctuation ("five. Oh, seven")."""
    result: list[str] = []
    for spoken_zero, run in groupby(words, SPOKEN_ZERO.__contains__):
        part = list(run)
        at, end = len(result), len(result) + len(part)
        around = at > 0 and words[at - 1] in BEFORE_ZERO and end < len(words) and words[end] in DIGITS
        if spoken_zero and around and not any(token.mark for token in tokens[at:end]):
            part = ["zero"] * len(part)
        result += part
    return result


def _plain(numbers: Sequence[SpokenNumber], context: _Context) -> Iterator[SpokenNumber]:
    """Complete cardinals that stand alone."""
    for run in _runs(numbers, context):
        number = run[0]
        counted = _after_digits(number.first, context) or context.words[number.first] in GERMAN_LARGE
        # The finder returns 2,5000000 for "deux virgule cinq millions".
        added = "," in number.digits and number.digits.endswith("00")
        unclear = number.ordinal or counted or added or _scale(number, context)
        if len(run) == 1 and _worth(number) and not unclear and not _goes_on(number, context):
            yield number


def _english(numbers: Sequence[SpokenNumber], context: _Context) -> Iterator[SpokenNumber]:
    for run in _runs(numbers, context):
        if _dictated(run, context.words):
            yield from _groups(run, context.apart)
        elif len(run) == 1 or (len(run) == 2 and _of_millions(run[0], run[1], context)):
            yield from _alone(run[0], context)
        elif len(run) == 2 and (year := _year(run, context)):
            yield year


def _runs(numbers: Sequence[SpokenNumber], context: _Context) -> Iterator[list[SpokenNumber]]:
    """Runs of numbers side by side, also with only a "point" between them.

    In a run the end of a number is uncertain: the finder extends each as far as possible, into the next number.
    """
    run: list[SpokenNumber] = []
    for number in numbers:
        if run and not _touch(run[-1].end, number.first, context):
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _touch(end: int, first: int, context: _Context) -> bool:
    point = first == end + 1 and context.words[end] in POINTS[context.language]
    return first == end or (point and not context.apart[end] and not context.apart[first])


def _of_millions(number: SpokenNumber, after: SpokenNumber, context: _Context) -> bool:
    """ "three point five million": the finder reads no multiplier after a decimal number."""
    return "." in number.digits and _scale(after, context) and context.words[after.first] in LARGE


def _goes_on(number: SpokenNumber, context: _Context) -> bool:
    """Whether the next word belongs to the last words of the number only: "two hundred and three quarters", "five
    million five trillion", "two million three point five million", "one thousand two million"."""
    after = context.words[number.end] if number.end < len(context.words) else ""
    in_parts = number.end - number.first > 1 and after in PARTS[context.language]
    whole, point, _ = number.digits.replace(",", ".").partition(".")
    large = len(whole) > LONGEST_MULTIPLIED
    thousand_millions = len(whole) > LONGEST_IN_MILLIONS and context.language not in WITHOUT_MILLIARDS
    named = any(word.startswith(MILLIARDS) for word in context.words[number.first : number.end])
    return in_parts or (large and (bool(point) or after in UNREAD_SCALES)) or (thousand_millions and not named)


def _worth(number: SpokenNumber) -> bool:
    return number.end - number.first > 1 or (number.digits.isdigit() and int(number.digits) >= LEAST_ALONE)


def _scale(number: SpokenNumber, context: _Context) -> bool:
    """Whether the number is a multiplier of one word: "thousand", "Millionen", "hundreds"."""
    if number.end - number.first > 1 or not number.digits.isdigit():
        return False
    power = int(number.digits) >= LEAST_SCALE and number.digits.rstrip("0") == "1"
    return power or context.words[number.first] in SCALES


def _after_digits(place: int, context: _Context) -> bool:
    return context.before[place][-1:].isdigit()


def _alone(number: SpokenNumber, context: _Context) -> Iterator[SpokenNumber]:
    first, end, digits = number.first, number.end, number.digits
    words, before = context.words, context.before[first]
    after = words[end] if end < len(words) else ""
    fraction = _fraction(number, context, after)
    start = first - (fraction or (before == "a" and words[first] in SCALES))  # "a hundred and fifty"
    if _after_digits(start, context) or _vague(number, start, context) or _goes_on(number, context):
        return
    if fraction:
        yield SpokenNumber(start, end, f"0.{digits}")
        return
    if not _worth(number) or _scale(number, context) or after.endswith("ties"):  # "the nineteen sixties"
        return
    if number.ordinal and (before not in BEFORE_ORDINAL or after in COUNTED):  # "a twenty second pause"
        return
    scale = LARGE.get(words[end - 1], 0)
    if scale and int(digits) < 1000 * scale:
        yield SpokenNumber(start, end - 1, str(int(digits) // scale))  # 200 million
    else:
        yield SpokenNumber(start, end, _grouped(digits), number.ordinal)


def _vague(number: SpokenNumber, start: int, context: _Context) -> bool:
    """ "a few hundred thousand", "half a hundred thousand"; and "zero million", found as 01000000."""
    counted = context.before[number.first] in VAGUE or context.before[start] == "half"
    nothing = number.digits[0] == "0" and context.words[number.end - 1] in LARGE
    return nothing or (counted and context.words[number.first] in SCALES)


def _fraction(number: SpokenNumber, context: _Context, after: str) -> bool:
    """ "point five percent"; after "at this point", a pause or a mark "five" counts the percent."""
    point = context.before[number.first] == "point" and not context.apart[number.first]
    whole = point and context.before[number.first - 1] in BEFORE_A_POINT
    return point and not whole and after in MEASURED and number.digits.isdigit()


def _grouped(digits: str) -> str:
    return f"{int(digits):,}" if digits.isdigit() and int(digits) >= GROUPED_FROM and digits[0] != "0" else digits


def _year(run: Sequence[SpokenNumber], context: _Context) -> SpokenNumber | None:
    """ "nineteen eighty four"; "in twenty twenty", but not "twenty thirty people"."""
    century, rest = run
    digits = century.digits + rest.digits
    if context.apart[rest.first] or not (len(century.digits) == len(rest.digits) == 2 and digits.isdigit()):
        return None
    cue = context.before[century.first] in BEFORE_YEAR
    counts = rest.end < len(context.words) and context.words[rest.end] in COUNTED
    sure = int(century.digits) in SURE_CENTURIES and not 10 <= int(rest.digits) < 20
    if counts or int(century.digits) not in CENTURIES or not (cue or sure):
        return None
    return SpokenNumber(century.first, rest.end, digits)


def _dictated(run: Sequence[SpokenNumber], words: Sequence[str]) -> bool:
    """Whether digits are dictated, not counted: "five five five one", but not "one two three"."""
    spoken = words[run[0].first : run[-1].end]
    if len(spoken) < DICTATED_FROM or not DIGITS.issuperset(spoken):
        return False
    digits = [int(digit) for number in run for digit in number.digits]
    return {after - before for before, after in pairwise(digits)} not in ({1}, {-1})


def _groups(run: Sequence[SpokenNumber], apart: Sequence[bool]) -> Iterator[SpokenNumber]:
    """Dictated digits, joined between pauses."""
    starts = accumulate(apart[number.first] for number in run)
    for _, numbers in groupby(zip(starts, run, strict=True), key=itemgetter(0)):
        group = [number for _, number in numbers]
        yield SpokenNumber(group[0].first, group[-1].end, "".join(number.digits for number in group))
