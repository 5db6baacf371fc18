from __future__ import annotations

import pytest

from mediaindex.contract import codec
from mediaindex.contract.results import Topics, TurnText
from mediaindex.errors import TerminalError


@pytest.mark.parametrize("places", [(0,), (0, 1, 2), (1, 1), (1, 0), (-1, 0), ()])
def test_tokens_and_words_must_fit(places):
    with pytest.raises(ValueError, match="begins with a word of its own"):
        TurnText("two tokens", places)


def test_an_artifact_whose_tokens_do_not_fit_is_refused():
    payload = codec.dump(Topics((), (TurnText("two tokens", (0, 2)),)))
    assert codec.load(Topics, payload).texts[0].places == (0, 2)
    with pytest.raises(TerminalError, match="delete it"):
        codec.load(Topics, payload.replace(b"[0,2]", b"[2,0]"))
