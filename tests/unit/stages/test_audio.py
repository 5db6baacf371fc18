from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mediaindex.errors import TransientError
from mediaindex.stages.audio import Audio
from mediaindex.timeline import Clock, Span

RATE = 16_000


def cancelled_after(blocks: int) -> Callable[[], None]:
    """A check that raises after ``blocks`` calls."""
    calls = iter(range(blocks))

    def check() -> None:
        if next(calls, None) is None:
            raise TransientError("given up")

    return check


@pytest.mark.parametrize(
    "read",
    [
        lambda audio: audio.blocks(1.0),
        lambda audio: audio.channel_blocks(1.0),
        lambda audio: (audio.read_span(Span(at, at + 1)) for at in range(3)),
    ],
    ids=["blocks", "channels", "spans"],
)
def test_cancelled_work_ends_at_the_next_block(tmp_path: Path, read: Callable[[Audio], Iterator[np.ndarray]]) -> None:
    path = tmp_path / "audio.flac"
    soundfile.write(path, np.zeros(3 * RATE), RATE)
    blocks = read(Audio(path, 3.0, Clock(), lambda: path, cancelled_after(2)))
    assert len(next(blocks)) == len(next(blocks)) == RATE
    with pytest.raises(TransientError, match="given up"):
        next(blocks)
