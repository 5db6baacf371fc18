"""Clicks at known times are found on the source's clock, whatever the container, the codec, holes and a late start."""

from __future__ import annotations

import statistics
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaindex.errors import BadMediaError
from mediaindex.stages.media.clock_checks import source_clock
from mediaindex.stages.media.decode import decode
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.tracks import choose_stream
from tests.builders.clicks import CODECS, CONTAINERS, SECONDS, Clicks, errors, heard

EXACT = 0.02  # s
# Encoders begin with silence, which is not cut off if the container does not declare it. It moves all clicks alike.
ENCODER_DELAY = 0.06  # s


@st.composite
def holes(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    """Up to three, of 20 ms to 2 s, in order."""
    found, at = [], 0.0
    for _ in range(draw(st.integers(0, 3))):
        low = at + draw(st.floats(0.3, 3.0))
        at = low + draw(st.floats(0.02, 2.0))
        if at < SECONDS - 1.0:
            found.append((round(low, 3), round(at, 3)))
    return tuple(found)


@st.composite
def files(draw: st.DrawFn) -> Clicks:
    container, codec = draw(st.sampled_from(list(product(CONTAINERS, CODECS))))
    size = draw(st.sampled_from([160, 320, 882, 1024, 4096]))
    plain = Clicks(codec, container, samples_per_packet=size)
    if plain.counted:
        return plain
    return Clicks(codec, container, draw(holes()), draw(st.sampled_from([0.0, 3.0, 100.0, 18_000.0])), size)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps the sound of each sample rate, from which files are made."""
    return tmp_path_factory.mktemp("clicks")


@settings(max_examples=30)
@given(clicks=files())
def test_clicks_are_where_the_source_has_them(folder: Path, clicks: Clicks) -> None:
    path = clicks.write(folder)
    if path is None:  # ffmpeg does not write this codec into this container
        return
    try:
        source = probe(path)
    except BadMediaError:  # ffmpeg does not read all that it writes
        return
    if not source.streams or not source.streams[0].known:
        return
    stream = choose_stream(source)
    pcm = decode(source, stream, folder, keep_channels=False, max_seconds=60, gap_tolerance=0.01)
    assert pcm.times is not None
    clock = source_clock(source, stream, pcm.times).clock
    positions = heard(np.fromfile(pcm.path, dtype="<i2") / 32768)
    late = errors(clicks.times, [clock.to_source(at) for at in positions])
    constant = statistics.median(late)
    assert -EXACT <= constant <= ENCODER_DELAY
    assert max(abs(error - constant) for error in late) <= EXACT
