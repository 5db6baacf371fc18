from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.engines.whisper.words import TimedText, words_of
from mediaindex.timeline import check_order


def texts(language: str, *pieces: str) -> list[str]:
    timed = [TimedText(piece, n * 0.5, n * 0.5 + 0.5, 0.9) for n, piece in enumerate(pieces)]
    return [word.text for word in words_of(timed, language, len(pieces) * 0.5)]


def test_pieces_without_a_space_continue_the_word() -> None:
    assert texts("en", " A", " well", "-known", " man.") == ["A", "well-known", "man."]


def test_a_language_without_spaces_keeps_each_piece() -> None:
    assert texts("ja", "客", "観", "ので") == ["客", "観", "ので"]


def test_a_piece_with_a_space_inside_becomes_two_words_that_share_its_time() -> None:
    first, second = words_of([TimedText(" ab cd", 0.0, 1.0, 0.9)], "ja", 1.0)
    assert (first.text, first.end, second.text, second.start) == ("ab", 0.5, "cd", 0.5)


def test_pieces_of_white_space_give_no_words() -> None:
    assert texts("ja", " ", "", "客") == ["客"]


times = st.floats(-1, 40, allow_nan=False)
anything = st.builds(TimedText, st.text(max_size=6), times, times, st.floats(-0.1, 1.1))


@given(st.lists(anything, max_size=20), st.sampled_from(["en", "ja"]), st.floats(0.02, 30))
def test_any_pieces_give_ordered_words_inside_the_chunk(
    pieces: list[TimedText], language: str, duration: float
) -> None:
    words = words_of(pieces, language, duration)
    check_order(words)
    assert all(word.start >= 0 and word.end <= duration + 0.002 for word in words)
