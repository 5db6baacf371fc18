from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.assembly.turns import TurnRules, build_turns
from mediaindex.timeline import Word, round_to_ms

RULES = TurnRules(pause=2.0, longest=10.0, good_pause=0.4)


def word(start: float, end: float, speaker: str = "A") -> Word:
    return Word(round_to_ms(start), round_to_ms(end), "w", 0.9, speaker)


def sizes(words: list[Word]) -> list[int]:
    return [len(turn.words) for turn in build_turns(words, ["en"] * len(words), RULES)]


def test_a_change_of_speaker_ends_a_turn():
    assert sizes([word(0, 1), word(1, 2), word(2, 3, "B")]) == [2, 1]


def test_a_change_of_language_ends_a_turn():
    words = [word(0, 1), word(1, 2), word(2, 3), word(3, 4)]
    turns = build_turns(words, ["en", "en", "de", "en"], RULES)
    assert [(turn.language, len(turn.words)) for turn in turns] == [("en", 2), ("de", 1), ("en", 1)]


def test_a_long_pause_ends_a_turn():
    assert sizes([word(0, 1), word(2.9, 4), word(6.1, 7)]) == [2, 1]


def test_a_long_turn_is_cut_at_the_last_good_pause_of_its_second_half():
    words = [word(i, i + 0.9) for i in range(8)] + [word(8.5, 9)] + [word(9 + i, 9.9 + i) for i in range(4)]
    assert sizes(words) == [8, 5]


def test_a_long_turn_without_a_good_pause_is_cut_too():
    assert max(turn.duration for turn in build_turns([word(i, i + 0.9) for i in range(50)], ["en"] * 50, RULES)) <= 10.0


def test_no_words_make_no_turns():
    assert build_turns([], [], RULES) == ()


@st.composite
def word_lists(draw):
    steps = draw(st.lists(st.tuples(st.floats(0, 4), st.floats(0.01, 3), st.sampled_from("AB")), max_size=60))
    words: list[Word] = []
    start = end = 0.0
    for step, length, speaker in steps:
        start += step
        end = max(end, start + length)
        words.append(word(start, end, speaker))
    return words


@given(word_lists())
def test_every_word_is_in_exactly_one_turn_and_order_is_kept(words):
    turns = build_turns(words, ["en"] * len(words), RULES)
    assert [w for turn in turns for w in turn.words] == words
    assert all({w.speaker for w in turn.words} == {turn.speaker} for turn in turns)
    assert all(turn.duration <= RULES.longest or len(turn.words) <= 2 for turn in turns)
