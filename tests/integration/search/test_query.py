from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from mediaindex.errors import ConfigError, TerminalError
from mediaindex.search import Filters, Hit, Indexes, search

pytestmark = pytest.mark.servers
Publish = Callable[..., None]
Find = Callable[..., list[Hit]]
HOSTILE = (
    *('unbalanced "quote', "x(((", "a AND (b OR", "field:value", "text:*", "_exists_:text", "a~9999", "x\\", "x{}[]"),
    *('{"match_all": {}}', "../../_search", "' OR 1=1 --", "\0null", "\ud800 lone", "x+-|~*()", "/.*x/", "not*", "-x"),
    *("x" + "💥" * 200, "a " * 400, "x" + '"' * 300),
)


def marked_words(hit: Hit) -> list[str]:
    return [piece.text for piece in hit.highlight if piece.matched]


def test_a_hit_has_the_second_of_the_word(published: Publish, find: Find) -> None:
    published("hello there", "we talk about the weather today")
    (hit,) = find("weather")
    assert (hit.turn, hit.start, hit.start_of_match, hit.speaker) == (1, 10.0, 12.0, "SPEAKER_01")
    assert hit.link == "s3://media/talks/a.mp3#t=12"
    assert marked_words(hit) == ["weather"]


@pytest.mark.parametrize(
    ("words", "second", "marked"),
    [
        ("1984", 1.5, ["1984"]),
        ("nineteen eighty four", 1.5, ["nineteen", "eighty", "four"]),
        ('"eighty four"', 2.0, ["eighty", "four"]),
        ("moved", 2.5, ["moved"]),
    ],
)
def test_a_number_is_found_as_digits_and_as_words(
    published: Publish, find: Find, words: str, second: float, marked: list[str]
) -> None:
    # The builder gives every token half a second, in the text and in the spoken text.
    published("the summer of 1984 we moved", spoken="the summer of nineteen eighty four we moved")
    (hit,) = find(words)
    assert (hit.text, hit.start_of_match) == ("the summer of 1984 we moved", second)
    assert " ".join(marked_words(hit)).split() == marked


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "the dogs were running", "dog run"),
        ("de", "schöne Häuser in München", "haus munchen"),
        ("fr", "nous avons mangé des pommes", "pomme mangés"),
        ("es", "las canciones bonitas", "canción"),
        ("tlh", "the dogs were running", "dogs running"),
        ("en", "I don't know", "don\u2019t"),
        ("ru", "новые книги", "книга"),
    ],
)
def test_inflected_words_are_found_in_their_language(
    published: Publish, find: Find, language: str, text: str, words: str
) -> None:
    published(text, language=language)
    assert len(find(words)) == 1


@pytest.mark.parametrize(
    ("language", "text", "words", "second"),
    [
        ("ja", "これは客観的に見てVisual Studioです。", "客観的", 1.5),
        ("ja", "これは客観的に見てVisual Studioです。", "Studio", 5.0),
        ("ja", "駅でコンピュータを買った", "コンピュータ", 1.0),
        ("zh", "他说我们去了北京大学。", "北京", 3.0),
        ("th", "ฉันพูดภาษาไทยได้", "ภาษา", 2.0),
        ("lo", "ຂ້ອຍເວົ້າພາສາລາວໄດ້", "ພາສາ", 2.0),
        ("km", "ខ្ញុំនិយាយភាសាខ្មែរ", "ភាសា", 2.0),
        ("my", "ကျွန်တော်မြန်မာစကားပြောတယ်", "စကား", 3.0),
        ("bo", "ངས་བོད་སྐད་ཤེས།", "སྐད", 2.0),
    ],
)
def test_words_of_scripts_without_spaces_are_found_with_their_second(
    published: Publish, find: Find, language: str, text: str, words: str, second: float
) -> None:
    published(text, language=language)
    (hit,) = find(words)
    assert hit.text == text
    assert hit.start_of_match == second
    assert "".join(marked_words(hit)).startswith(words[:2])


@pytest.mark.parametrize(
    ("language", "text", "phrase", "another"),
    [
        ("ja", "これは客観的に見てVisual Studioです。", ["客観的に", "客観 的に", "客 観 的 に"], "的客観"),
        ("zh", "他说我们去了北京大学。", ["北京大学", "北京 大学"], "大学北京"),
        ("th", "ฉันพูดภาษาไทยได้", ["ภาษาไทย", "ภาษา ไทย"], "ไทยภาษา"),
        ("th", "ฉันพูด ภาษา ไทยได้", ["ภาษาไทย", "ภาษา ไทย"], "ไทยภาษา"),
        ("lo", "ຂ້ອຍເວົ້າພາສາລາວໄດ້", ["ພາສາລາວ", "ພາສາ ລາວ"], "ລາວພາສາ"),
        ("km", "ខ្ញុំនិយាយភាសា\u200bខ្មែរ", ["ភាសាខ្មែរ", "ភាសា ខ្មែរ", "ភាសា\u200bខ្មែរ"], "ខ្មែរភាសា"),
        ("my", "ကျွန်တော် မြန်မာစကား ပြောတယ်", ["မြန်မာစကား", "မြန်မာ စကား", "စကားပြော"], "စကားမြန်မာ"),
        ("bo", "ངས་བོད་སྐད་ཤེས།", ["བོད་སྐད", "བོད་ སྐད་"], "སྐད་བོད"),
    ],
)
def test_phrases_of_scripts_without_spaces_are_found_however_spaces_are_typed(
    published: Publish, find: Find, language: str, text: str, phrase: list[str], another: str
) -> None:
    published(text, language=language)
    assert [len(find(typed, phrase=True)) for typed in phrase] == [1] * len(phrase)
    assert [len(find(f'"{typed}"')) for typed in phrase] == [1] * len(phrase)
    assert find(another, phrase=True) == []


def test_another_language_is_not_stemmed(published: Publish, find: Find) -> None:
    published("die Sonne runs", language="de")
    assert find("running") == []


def test_all_words_are_required_and_quoted_ones_in_order(published: Publish, find: Find) -> None:
    published("new york is big", "york has a new mayor")
    assert len(find("new york")) == 2
    assert [hit.turn for hit in find('"new york" big')] == [0]
    assert [hit.turn for hit in find("new york", phrase=True)] == [0]
    assert find("new york tokyo") == []


def test_exact_words_rank_before_inflected_ones(published: Publish, find: Find) -> None:
    published("one house here", "all houses here")
    assert [hit.turn for hit in find("houses")] == [1, 0]


def test_query_syntax_is_plain_text(published: Publish, find: Find) -> None:
    published("nothing of that")
    assert {words: find(words) for words in HOSTILE} == {words: [] for words in HOSTILE}


@pytest.mark.parametrize(
    ("words", "code"), [("", "empty_query"), (' "" ', "empty_query"), ("a" * 1001, "query_too_long")]
)
def test_an_empty_or_long_query_is_refused(find: Find, words: str, code: str) -> None:
    with pytest.raises(TerminalError) as caught:
        find(words)
    assert caught.value.code == code


def test_html_in_a_text_is_kept(published: Publish, find: Find) -> None:
    text = "<script>alert(1)</script> & <em>weather</em>"
    published(text)
    (hit,) = find("weather")
    assert "".join(piece.text for piece in hit.highlight) == text
    assert marked_words(hit) == ["weather"]


def test_each_filter_selects(published: Publish, find: Find) -> None:
    published("some weather", source="talks", needs_review=True)
    for right, wrong in [
        (Filters(source="talks"), Filters(source="other")),
        (Filters(speaker="SPEAKER_00"), Filters(speaker="SPEAKER_01")),
        (Filters(language="en"), Filters(language="de")),
        (Filters(since=datetime(2026, 1, 1, tzinfo=UTC)), Filters(since=datetime(2026, 1, 3, tzinfo=UTC))),
        (Filters(needs_review=True), Filters(needs_review=False)),
    ]:
        assert (len(find("weather", filters=right)), find("weather", filters=wrong)) == (1, [])


def test_a_late_match_in_a_long_turn_has_its_second(published: Publish, find: Find) -> None:
    published("blah " * 20_000 + "needle")
    (hit,) = find("needle")
    assert hit.start_of_match == 10_000.0
    assert sum(len(piece.text) for piece in hit.highlight) < 100


def test_ten_thousand_hits_are_paged_without_duplicates(published: Publish, find: Find) -> None:
    total, size, after, hit_turns = 10_050, 1_000, None, []
    published(*["weather"] * total)
    while page := find("weather", limit=size, after=after):
        hit_turns += [hit.turn for hit in page]
        after = page[-1].cursor
    assert hit_turns == list(range(total))


def test_missing_indexes_are_named(client: Elasticsearch) -> None:
    with pytest.raises(ConfigError, match="has no mediaindex indexes"):
        search(client, "word", indexes=Indexes("test-never-prepared"))
