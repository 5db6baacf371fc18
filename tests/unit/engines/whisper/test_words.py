from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.engines.whisper.words import TimedText, words_of
from mediaindex.timeline import check_order


def texts(*pieces: str) -> list[str]:
    timed = [TimedText(piece, n * 0.5, n * 0.5 + 0.5, 0.9) for n, piece in enumerate(pieces)]
    return [word.text for word in words_of(timed, len(pieces) * 0.5)]


def test_pieces_without_a_space_continue_the_word() -> None:
    assert texts(" A", " well", "-known", " man.") == ["A", "well-known", "man."]


def test_in_a_script_without_spaces_each_character_is_a_word() -> None:
    assert texts("客", "観", "ので", "す", "。") == ["客", "観", "の", "で", "す。"]
    assert texts("ภา", "ษ", "า") == ["ภา", "ษา"]


def test_latin_letters_and_digits_stay_together_among_characters_without_spaces() -> None:
    assert texts("20", "26", "年", "に", "Py", "thon", "を") == ["2026", "年", "に", "Python", "を"]
    assert texts("は", " Visual", " Stu", "dio", "の") == ["は", "Visual", "Studio", "の"]


def test_a_piece_with_a_space_inside_becomes_two_words_that_share_its_time() -> None:
    first, second = words_of([TimedText(" ab cd", 0.0, 1.0, 0.9)], 1.0)
    assert (first.text, first.end, second.text, second.start) == ("ab", 0.5, "cd", 0.5)


def test_pieces_of_white_space_give_no_words() -> None:
    assert texts(" ", "", "客") == ["客"]


times = st.floats(-1, 40, allow_nan=False)
anything = st.builds(TimedText, st.text(max_size=6), times, times, st.floats(-0.1, 1.1))


@given(st.lists(anything, max_size=20), st.floats(0.02, 30))
def test_any_pieces_give_ordered_words_inside_the_chunk(pieces: list[TimedText], duration: float) -> None:
    words = words_of(pieces, duration)
    check_order(words)
    assert all(word.start >= 0 and word.end <= duration + 0.002 for word in words)
