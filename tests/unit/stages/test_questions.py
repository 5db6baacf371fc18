from __future__ import annotations

import pytest

from mediaindex.stages.sentences import is_question


@pytest.mark.parametrize(
    "text",
    [
        "do you hear me", "are you going", "is it true", "what are you talking about", "where is the station",
        "why did napoleon march on moscow", "and how do birds sing", "so can we begin", "who is this", "don't you see",
    ],
)  # fmt: skip
def test_inversion_makes_a_question(text):
    assert is_question(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "what a day", "what i want is peace", "had i known", "were it not for you", "when we came home", "do not go",
        "how nice", "which is why we left", "may you live long", "is", "", "i do", "have a seat", "what", "will power",
    ],
)  # fmt: skip
def test_other_sentences_that_begin_like_a_question_are_not_one(text):
    assert not is_question(text.split())
