from __future__ import annotations

import pytest

from mediaindex.stages.fillers import without_fillers
from mediaindex.stages.tokens import spoken
from tests.builders.turns import said


@pytest.mark.parametrize(
    ("language", "text", "kept"),
    [
        ("en", "um i think uh so", "i think so"),
        ("en", "Um, we went there.", "We went there."),
        ("en", "I, uh, think so, um.", "I think so."),
        ("en", "Is it, er? No", "Is it? No"),
        ("en", "mhm", "mhm"),
        ("de", "er kam äh um acht", "er kam um acht"),
        ("fr", "euh je ne sais pas", "je ne sais pas"),
        ("es", "ehm no sé", "no sé"),
        ("ja", "um uh er", "um uh er"),
    ],
)
def test_fillers_are_removed(language, text, kept):
    assert " ".join(token.text for token in without_fillers(spoken(said(text)), language)) == kept


def test_the_remaining_words_keep_place_and_time():
    turn = said("um yes")
    (token,) = without_fillers(spoken(turn), "en")
    assert (token.place, token.start) == (1, turn.words[1].start)


def test_the_time_of_a_filler_is_not_silence():
    before, _ = without_fillers(spoken(said("we uhm went")), "en")
    assert before.letters == len("we") + 2 + len("uhm")
