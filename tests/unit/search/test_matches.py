from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.search.matches import Piece, best_match, read_marks, start_of


def marked(text: str, *searched: str) -> list[tuple[int, int]]:
    """Ranges of every occurrence of the searched words, as a highlighter marks them."""
    return sorted(
        (place, place + len(word)) for word in searched for place in range(len(text)) if text.startswith(word, place)
    )


def test_the_place_with_most_different_words_wins() -> None:
    text = "climate " + "blah " * 50 + "the climate change policy"
    match = best_match(text, marked(text, "climate", "policy"))
    assert match.word == 52


def test_a_repeated_word_does_not_beat_two_different_words() -> None:
    text = "very very very " + "blah " * 20 + "very good"
    assert best_match(text, marked(text, "very", "good")).word == 23


def test_the_earliest_of_equal_places_is_taken() -> None:
    assert best_match("a dog b dog", marked("a dog b dog", "dog")).word == 1


def test_without_marks_the_excerpt_is_the_start_of_the_turn() -> None:
    match = best_match("some text", [])
    assert (match.word, match.pieces) == (None, (Piece("some text", matched=False),))


def test_a_long_turn_is_cut_around_the_match() -> None:
    text = "x " * 5000 + "needle " + "y " * 5000
    pieces = best_match(text, marked(text, "needle")).pieces
    assert [piece.text for piece in pieces if piece.matched] == ["needle"]
    assert sum(len(piece.text) for piece in pieces) < 100


WORDS = " ".join(f"w{number:02}" for number in range(50))


@pytest.mark.parametrize(
    ("searched", "first", "last"), [("", 0, 16), ("w00", 0, 16), ("w08", 0, 24), ("w20", 12, 36), ("w49", 41, 50)]
)
def test_the_excerpt_has_eight_words_before_the_match_and_fifteen_after(searched: str, first: int, last: int) -> None:
    pieces = best_match(WORDS, marked(WORDS, searched) if searched else []).pieces
    assert "".join(piece.text for piece in pieces).split() == [f"w{number:02}" for number in range(first, last)]


@pytest.mark.parametrize(("distance", "word"), [(11, 0), (12, 30)])
def test_words_are_spoken_together_within_twelve_words(distance: int, word: int) -> None:
    spoken = ["x"] * 40
    spoken[0], spoken[distance], spoken[30], spoken[31] = "dog", "cat", "dog", "cat"
    text = " ".join(spoken)
    assert best_match(text, marked(text, "dog", "cat")).word == word


def test_a_word_has_its_own_start() -> None:
    assert start_of(1, 10.0, [10.0, 10.5, 11.0], words=3) == 10.5


def test_a_corrected_text_gives_an_estimate_inside_the_turn() -> None:
    assert start_of(3, 10.0, [10.0, 11.0], words=4) == 11.0


@pytest.mark.parametrize(("word", "starts"), [(None, [1.0]), (0, [])])
def test_an_unknown_word_has_the_start_of_its_turn(word: int | None, starts: list[float]) -> None:
    assert start_of(word, 7.0, starts, words=1) == 7.0


@given(st.lists(st.tuples(st.text(alphabet="ab <>&é\n", max_size=8), st.booleans()), max_size=12))
def test_marks_are_read_back_in_any_text(parts: list[tuple[str, bool]]) -> None:
    opening, closing = "\ue000", "\ue001"
    highlighted = "".join(opening + text + closing if hit else text for text, hit in parts)
    plain, ranges = read_marks(highlighted, opening, closing)
    assert plain == "".join(text for text, _ in parts)
    assert [plain[start:end] for start, end in ranges] == [text for text, hit in parts if hit]


@given(
    st.lists(st.sampled_from(["dog", "cat", "sun", "<b>"]), min_size=1, max_size=60), st.sampled_from(["dog", "cat"])
)
def test_the_excerpt_is_part_of_the_text_and_marks_only_searched_words(words: list[str], searched: str) -> None:
    text = " ".join(words)
    match = best_match(text, marked(text, searched))
    assert "".join(piece.text for piece in match.pieces) in text
    assert {piece.text for piece in match.pieces if piece.matched} <= {searched}
    assert match.word == (words.index(searched) if searched in words else None)
