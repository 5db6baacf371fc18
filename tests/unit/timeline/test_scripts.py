from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.timeline import Word
from mediaindex.timeline.scripts import first_pieces, joined, timed_tokens, tokens

LETTERS = st.sampled_from([*"客観的ですーっ。、「」ภาษาเก่ງພາສາမြန်မာខ្មែរབོད漢字を한국AbÉ7.,\"'-!?()", "", " "])
TEXTS = st.lists(LETTERS, max_size=12).map("".join)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["the", "well-known", "man."], "the well-known man."),
        (["客", "観", "的", "で", "す。"], "客観的です。"),
        (["他", "说:", "“好,", "我", "去。”"], "他说:“好,我去。”"),
        (["2026", "年", "に", "Visual", "Studio", "を"], "2026年にVisual Studioを"),
        (["ภา", "ษา", "ไท", "ย", "Python", "ใช้"], "ภาษาไทย Python ใช้"),
        (["ພາ", "ສາ", "ລາວ"], "ພາສາລາວ"),
        (["မြန်", "မာ"], "မြန်မာ"),
        (["ខ្មែ", "រ"], "ខ្មែរ"),
        (["안녕", "하세요", "서울"], "안녕 하세요 서울"),
        (["мама", "мыла"], "мама мыла"),
    ],
)
def test_words_are_joined_as_their_script_is_written(words, text):
    assert joined(words) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("「はい」とPythonで。", ["「は", "い」", "と", "Python", "で。"]),
        ("きっとー", ["きっ", "とー"]),
        ("เก่ง", ["เก่", "ง"]),
        ("ភាសាខ្មែរ", ["ភា", "សា", "ខ្មែ", "រ"]),
        ("a b　客", ["a", "b", "客"]),
    ],
)
def test_a_token_is_a_character_with_its_marks(text, parts):
    assert tokens(text) == parts


@given(TEXTS)
def test_no_character_is_lost_between_tokens(text):
    assert "".join(tokens(text)) == "".join(text.split())


@given(st.lists(TEXTS.filter(lambda text: len(text.split()) == 1).map(str.strip), max_size=8))
def test_joined_tokens_are_the_same_tokens(words):
    parts = tokens(joined(words))
    assert tokens(joined(parts)) == parts
    places = first_pieces(words)
    assert len(places) == len(parts)
    assert places == sorted(places)


def test_the_characters_of_a_word_share_its_time():
    words = [Word(1.0, 1.9, "客観的", 0.9), Word(2.0, 2.5, "Python", 0.9)]
    assert [(token.text, round(token.start, 3), round(token.end, 3)) for token in timed_tokens(words)] == [
        ("客", 1.0, 1.3),
        ("観", 1.3, 1.6),
        ("的", 1.6, 1.9),
        ("Python", 2.0, 2.5),
    ]
