from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaindex.stages.numbers import with_digits
from mediaindex.stages.tokens import spoken
from tests.builders.turns import said

SAID = {
    "de": "null eins ein eine fünf zwanzig hundert tausend million millionen zweihundert und komma leute 5 2,5 -",
    "en": "oh o zero one five nine nineteen twenty eighty hundred thousand million billion a and point percent 5 2.5 -",
    "fr": "un deux cinq dix vingt cent cents mille million millions et virgule premier soixante gens 5 2,5 -",
}


def turns_of(vocabulary: str) -> st.SearchStrategy[str]:
    word = st.sampled_from(vocabulary.split())
    marked = st.one_of(word, word, word, word.map('"{}'.format), word.map("{}, |".format), word.map('{}."'.format))
    return st.lists(marked, min_size=1, max_size=7).map(" ".join)


@pytest.fixture(scope="module")
def finder():
    pytest.importorskip("text_to_num", reason="text2num is in the speech environment only")
    from mediaindex.engines.text import spoken_numbers

    return spoken_numbers.load()


def written(finder, text: str, language: str = "en") -> str:
    tokens = with_digits(spoken(said(text, language=language)), language, finder, 0.6)
    return " ".join(token.text for token in tokens)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("two hundred and six people", "206 people"),
        ("in nineteen eighty four we", "in 1984 we"),
        ("nineteen oh five was", "1905 was"),
        ("in twenty twenty we", "in 2020 we"),
        ("two thousand and five", "2005"),
        ("Twenty five percent, or more", "25 percent, or more"),
        ("call five five five | one two three four now", "call 555 1234 now"),
        ("five five five oh one nine nine", "5550199"),
        ("three point one four", "3.14"),
        ("point five percent of it", "0.5 percent of it"),
        ("three point five million dollars", "3.5 million dollars"),
        ("two hundred million", "200 million"),
        ("two million three hundred thousand", "2,300,000"),
        ("a hundred and fifty", "150"),
        ("on the twenty first of May", "on the 21st of May"),
        ("eleven of them", "11 of them"),
        ("page one hundred and one.", "page 101."),
        ("a hundred million people", "100 million people"),
        ("A hundred and fifty million people", "150 million people"),
        ("a hundred thousand people", "100,000 people"),
        ("five oh oh one", "5001"),
        ("in 2020, twenty five people", "in 2020, 25 people"),
        ("call (five five five) one two three four", "call (555) 1234"),
    ],
)
def test_numbers_are_written_in_digits(finder, text, digits):
    assert written(finder, text) == digits


@pytest.mark.parametrize(
    "text",
    [
        "one of them", "no one knew", "two or three times", "four five years ago", "at seven thirty", "a second",
        "a twenty second pause", "one two three go", "three two one", "half a million people", "a thousand times",
        "the twenty thirty people", "at this point five percent left", "the nineteen sixties", "two thirds",
        "eleven thirty in the morning", "twenty, five came", "",
        "2 hundred thousand people", "5 hundred and fifty", "5 million two hundred thousand", "0 point five percent",
        "hundreds of thousands of people", "millions and millions", "billion billion", "zero million", "oh oh seven",
        "a few hundred thousand people", "a couple of hundred thousand people", "half a hundred thousand",
        "five. Oh, seven", "good point, five percent of us", "- ...",
    ],
)  # fmt: skip
def test_ambiguous_numbers_stay_in_words(finder, text):
    assert not text or written(finder, text) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "two hundred three hundred people"), ("en", "five million five million euros"),
        ("en", "two point five two point five percent"), ("en", "zero point five zero point six"),
        ("en", "one hundred one hundred"), ("en", "two point five two thousand"), ("en", "one two three hundred"),
        ("en", "two hundred and three quarters"), ("en", "five million five trillion"),
        ("en", "in nineteen ninety two hundred people"),
        ("da", "to hundrede tre hundrede"), ("de", "zwei Komma fünf zwei Komma fünf"),
        ("de", "fünf Millionen fünf Millionen"), ("fr", "deux cents trois cents personnes"),
        ("fr", "deux cent trois quarts"), ("es", "doscientos tres cuartos"),
    ],
)  # fmt: skip
def test_numbers_side_by_side_stay_in_words(finder, language, text):
    assert written(finder, text, language) == text


# Numbers of several kinds in each language.
SPELLED = {
    "da": "3 tre|7 syv|12 tolv|20 tyve|25 femogtyve|100 hundrede|200 to hundrede|1000 tusind|5000 fem tusind|"
    "5000000 fem millioner|2.5 to komma fem",
    "de": "3 drei|7 sieben|12 zwölf|20 zwanzig|25 fünfundzwanzig|100 hundert|200 zweihundert|206 zweihundertsechs|"
    "5000 fünftausend|5000000 fünf Millionen|2.5 zwei Komma fünf|0.6 null Komma sechs",
    "en": "0 zero|3 three|7 seven|12 twelve|19 nineteen|20 twenty|25 twenty five|84 eighty four|100 one hundred|"
    "100 a hundred|200 two hundred|206 two hundred and six|350 three hundred fifty|1000 one thousand|"
    "5000 five thousand|2300000 two million three hundred thousand|5000000 five million|2.5 two point five|"
    "0.5 zero point five|3.14 three point one four|3500000 three point five million",
    "es": "3 tres|7 siete|12 doce|20 veinte|25 veinticinco|35 treinta y cinco|100 cien|200 doscientos|1000 mil|"
    "5000 cinco mil|5000000 cinco millones|2.5 dos coma cinco|0.6 cero coma seis",
    "fr": "3 trois|7 sept|12 douze|20 vingt|25 vingt cinq|84 quatre-vingt-quatre|100 cent|200 deux cents|"
    "206 deux cent six|1000 mille|5000 cinq mille|5000000 cinq millions|2.5 deux virgule cinq|0.6 zéro virgule six",
    "it": "3 tre|7 sette|12 dodici|20 venti|25 venticinque|100 cento|200 duecento|1000 mille|5000 cinquemila|"
    "5000000 cinque milioni|2.5 due virgola cinque",
    "nl": "3 drie|7 zeven|12 twaalf|20 twintig|25 vijfentwintig|100 honderd|200 tweehonderd|1000 duizend|"
    "5000 vijfduizend|5000000 vijf miljoen|2.5 twee komma vijf",
    "pt": "3 três|7 sete|12 doze|20 vinte|25 vinte e cinco|100 cem|200 duzentos|1000 mil|5000 cinco mil|"
    "5000000 cinco milhões|2.5 dois vírgula cinco",
}  # fmt: skip


def read(text: str, multipliers: Sequence[tuple[str, float]] = (("million", 1e6), ("thousand", 1e3))) -> list[float]:
    """The numbers in digits of a text, with a multiplier after them."""
    numbers = []
    for digits, after in re.findall(r"(\d[\d,.]*)(?: (\w+))?", text):
        plain = digits.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+", digits) else digits.replace(",", ".")
        numbers.append(float(plain) * dict(multipliers).get(after, 1))
    return numbers


def as_one(first: float, second: float) -> set[float]:
    """The numbers that two spelled numbers may be together: 25 of 20 and 5, 105000 of 100 and 5000."""
    together = {first * second} if second in {20, 100, 1000} else set()
    if (first > second and (second < 100 or first >= 1000)) or (first, second % 100) == (20, second):
        together.add(first + second)
    if first in {19, 20} and 100 > second > 19:  # a year
        together.add(first * 100 + second)
    if first < 1000 <= second / 1000:  # "one hundred three point five million"
        together.add(first * 1_000_000 + second)
    if first == 20 and 100 <= second < 1000:  # "twenty two hundred"
        together.add(2000 + second)
    if first % 1 and second < 10:  # another decimal place
        together.add(float(f"{first}{second:.0f}"))
    scales = [scale for scale in (1000, 1_000_000) if first < scale and second >= scale and second % scale == 0]
    return together | {one * scale for scale in scales for one in as_one(first, second / scale)}


@pytest.mark.parametrize("language", sorted(SPELLED))
def test_two_numbers_side_by_side_never_give_a_number_that_was_not_said(finder, language):
    spelled = [
        (float(number), words) for number, _, words in (each.partition(" ") for each in SPELLED[language].split("|"))
    ]
    wrong = []
    for (first, words), (second, more) in product(spelled, spelled):
        text = written(finder, f"{words} {more}", language)
        if not {first, second, *as_one(first, second)}.issuperset(read(text)):
            wrong.append((f"{words} {more}", text))
    assert wrong == []


def test_a_pause_separates_numbers(finder):
    assert written(finder, "he was twenty | five came") == "he was twenty five came"


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ('he said "fifty." then', 'he said "50." then'),
        ('he said "fifty". then', 'he said "50". then'),
        ("“Two hundred,” she said", "“200,” she said"),
        ("(twenty five)?", "(25)?"),
        ('"twenty" five came', '"twenty" five came'),
        ('a "hundred million" people', 'a "100 million" people'),
        ("vitamin A. Hundred and fifty people", "vitamin A. 150 people"),
        ("it was nineteen, eighty four came", "it was nineteen, eighty four came"),
        ("the twenty - one thousand and two came", "the 20 - 1002 came"),
    ],
)
def test_punctuation_is_kept_and_never_inside_a_number(finder, text, digits):
    assert written(finder, text) == digits


@settings(max_examples=300)
@given(st.sampled_from(sorted(SAID)).flatmap(lambda language: st.tuples(st.just(language), turns_of(SAID[language]))))
def test_every_word_is_kept_or_part_of_a_number(finder, case):
    language, text = case
    words = spoken(said(text, language=language))
    tokens = with_digits(words, language, finder, 0.6)
    places = [token.place for token in tokens]
    assert [words[place].start for place in places] == [token.start for token in tokens]
    for token, (at, end) in zip(tokens, pairwise([*places, len(words)]), strict=True):
        whole = " ".join(word.text for word in words[at:end])
        assert token.end == words[end - 1].end
        if token.text != whole:
            assert not any(character.isdigit() for character in whole)  # those of the recogniser stay
            assert re.sub(r"[\w.,]*\d\w*", "", token.text) == re.sub(r"[\w-]+( [\w-]+)*", "", whole)


def test_a_number_has_the_times_of_its_words(finder):
    turn = said("about two hundred and six people")
    _, number, people = with_digits(spoken(turn), "en", finder, 0.6)
    assert (number.place, number.start, number.end) == (1, turn.words[1].start, turn.words[4].end)
    assert people.place == 5


@pytest.mark.parametrize(
    ("language", "text", "digits"),
    [
        ("de", "im jahr neunzehnhundertvierundachtzig", "im jahr 1984"),
        ("fr", "quatre-vingt-quatre ans", "84 ans"),
        ("es", "doscientas seis personas", "206 personas"),
        ("de", "ein mann und acht leute", "ein mann und acht leute"),
        ("de", "eine Million zweihunderttausend Leute", "eine Million zweihunderttausend Leute"),
        ("fr", "trois virgule quatorze", "3,14"),
        ("fr", "deux millions deux cent mille", "2200000"),
        ("ja", "twenty five", "twenty five"),
    ],
)
def test_numbers_in_other_languages(finder, language, text, digits):
    assert written(finder, text, language) == digits


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("da", "5 millioner"), ("da", "tusind tak"), ("da", "to komma fem millioner"), ("de", "5 Millionen Euro"),
        ("de", "3 Milliarden Euro"), ("de", "5 Millionen zweihunderttausend"), ("de", "tausend Dank"),
        ("de", "zwei Komma fünf Millionen"), ("es", "15 mil personas"), ("es", "2 mil millones"),
        ("es", "cientos de miles"), ("es", "dos coma cinco millones"), ("fr", "67 millions d'habitants"),
        ("fr", "2,5 millions"), ("fr", "20 mille"), ("fr", "2 cent mille"), ("fr", "des millions de gens"),
        ("fr", "deux virgule cinq millions"), ("it", "mille grazie"), ("it", "due virgola cinque milioni"),
        ("nl", "5 miljoen euro"), ("nl", "5 honderd duizend"), ("nl", "twee komma vijf miljoen"),
        ("pt", "200 milhões de pessoas"), ("pt", "dois vírgula cinco mil"),
    ],
)  # fmt: skip
def test_a_multiplier_alone_stays_a_word(finder, language, text):
    assert written(finder, text, language) == text
