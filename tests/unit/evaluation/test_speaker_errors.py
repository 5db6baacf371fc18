from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.evaluation.word_errors import Tally, speaker_word_errors

TALKS = st.dictionaries(st.sampled_from("ABCD"), st.lists(st.sampled_from("abcd"), max_size=5), max_size=4)


# The errors are those of meeteval 0.4.3 (cp_word_error_rate) for the same texts.
@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors", "words"),
    [
        ({"A": "a b c", "B": "d e"}, {"x": "d e", "y": "a b c"}, 0, 5),
        ({"A": "a b c", "B": "d e"}, {"x": "a b c d e"}, 4, 5),
        ({"A": "a b"}, {"x": "a", "y": "b", "z": "c d"}, 4, 2),
        (
            {"A": "the cat sat", "B": "on the mat", "C": "all day"},
            {"x": "on a mat all", "y": "the cat sat day"},
            5,
            8,
        ),
    ],
)
def test_errors_equal_those_of_meeteval(
    reference: dict[str, str], hypothesis: dict[str, str], errors: int, words: int
) -> None:
    texts, others = ({name: text.split() for name, text in talk.items()} for talk in (reference, hypothesis))
    assert speaker_word_errors(texts, others) == Tally(part=errors, whole=words)


@given(TALKS)
def test_other_labels_for_the_same_speakers_are_no_error(talk: dict[str, list[str]]) -> None:
    renamed = {f"SPEAKER_{number}": words for number, words in enumerate(reversed(talk.values()))}
    assert speaker_word_errors(talk, renamed).part == 0


@given(TALKS, TALKS)
def test_errors_are_at_least_the_difference_in_length(
    talk: dict[str, list[str]], hypothesis: dict[str, list[str]]
) -> None:
    counts = [sum(map(len, words.values())) for words in (talk, hypothesis)]
    assert abs(counts[0] - counts[1]) <= speaker_word_errors(talk, hypothesis).part <= sum(counts)
