from __future__ import annotations

import pytest

from mediaindex.stages.sentences import end_sentences, sentences
from mediaindex.stages.tokens import Token, spoken
from tests.builders.turns import said


def ended(*turns, pause: float = 0.6) -> list[str]:
    marked = end_sentences(turns, [spoken(turn) for turn in turns], pause)
    return [" ".join(token.text for token in tokens) for tokens in marked]


def test_a_pause_ends_a_sentence():
    assert ended(said("it was late | we went home")) == ["it was late. we went home."]


@pytest.mark.parametrize(
    "text", ["we went to | the old house", "it was the | best", "he came and | went", "one | of us"]
)
def test_a_sentence_does_not_end_inside_a_phrase(text):
    assert ended(said(text)) == [text.replace("| ", "") + "."]


def test_a_change_of_speaker_ends_a_complete_sentence_only():
    first, second, third = said("where are you from"), said("from the", speaker="B", start=3), said("what", start=5)
    assert ended(first, second, third) == ["where are you from?", "from the", "what."]


def test_a_sentence_continues_in_the_next_turn_of_the_speaker():
    assert ended(said("he walked along"), said("another street", start=0.95)) == ["he walked along", "another street."]


def test_a_long_word_is_not_a_pause():
    assert ended(said("such responsibilities weigh", letter=0.06)) == ["such responsibilities weigh."]


def test_a_slow_speaker_pauses_longer():
    text = "we all went down there together and came back slowly"
    quick = [*said(text).words]
    assert ended(said(text, letter=0.2)) == [text + "."]
    assert quick[1].start < 0.3  # the same words, quickly


def test_existing_punctuation_is_kept():
    assert ended(said("well! | it was Dr. | no")) == ["well! it was Dr. no."]


def test_sentences_are_split_after_their_punctuation():
    tokens = [Token(text, i, i, i + 1, len(text)) for i, text in enumerate(["He", "said", '"no."', "Why?", "So"])]
    assert list(sentences(tokens)) == [(0, 3), (3, 4), (4, 5)]
