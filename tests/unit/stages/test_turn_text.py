from __future__ import annotations

import pytest

from mediaindex.contract import artifacts
from mediaindex.contract.results import Topics, TurnText
from mediaindex.errors import TerminalError


@pytest.mark.parametrize("places", [(0,), (0, 1, 2), (1, 1), (1, 0), (-1, 0), ()])
def test_tokens_must_match_their_words(places):
    with pytest.raises(ValueError, match="the index of its first word"):
        TurnText("two tokens", places)


def test_an_artifact_with_mismatched_tokens_is_refused():
    payload = artifacts.dump(Topics((), (TurnText("two tokens", (0, 2)),)))
    assert artifacts.load(Topics, payload).texts[0].places == (0, 2)
    with pytest.raises(TerminalError, match="delete it"):
        artifacts.load(Topics, payload.replace(b"[0,2]", b"[2,0]"))
