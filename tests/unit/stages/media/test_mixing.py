"""Several tracks on one timeline: where each is, how long all are, and a mix that cannot be louder than full scale."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from mediaindex.stages.media import mixing
from mediaindex.stages.media.mixing import Placed, common_clock, mix, most_at_once, overlap
from mediaindex.timeline import Anchor, Clock

RATE = 16_000


def placed(folder: Path, name: str, value: int, *pieces: tuple[float, float], seconds: float) -> Placed:
    """A track of one value, ``seconds`` long; ``pieces``: where its audio is on the source's clock."""
    path = folder / name
    path.write_bytes(np.full(round(seconds * RATE), value, "<i2").tobytes())
    return Placed(path, seconds, Clock(tuple(Anchor(*piece) for piece in pieces or ((0.0, 0.0),))))


def at(samples: np.ndarray, *seconds: float) -> list[int]:
    return [int(samples[round(second * RATE)]) for second in seconds]


def test_pieces_between_jumps_have_their_times(tmp_path: Path) -> None:
    track = placed(tmp_path, "a", 1, (0.0, 5.0), (2.0, 10.0), (3.0, 10.5), seconds=6.0)
    # The clock waits for half a second: the samples in excess are left out.
    assert track.bounds() == [(5.0, 7.0), (10.0, 10.5), (10.5, 13.5)]


@pytest.mark.parametrize(
    ("first", "second", "seconds"),
    [
        ([(0.0, 5.0)], [(5.0, 9.0)], 0.0),
        ([(0.0, 5.0)], [(4.0, 9.0)], 1.0),
        ([(0.0, 9.0)], [(1.0, 2.0), (4.0, 6.0)], 3.0),
        ([(0.0, 2.0), (8.0, 9.0)], [(1.0, 8.5)], 1.5),
        ([], [(0.0, 1.0)], 0.0),
    ],
)
def test_overlap_is_the_time_in_which_both_sound(
    first: list[tuple[float, float]], second: list[tuple[float, float]], seconds: float
) -> None:
    assert overlap(first, second) == overlap(second, first) == pytest.approx(seconds)


def test_gaps_within_the_tolerance_are_filled_and_longer_ones_are_jumps(tmp_path: Path) -> None:
    tracks = [
        placed(tmp_path, "a", 1, (0.0, 1.0), seconds=4.0),
        placed(tmp_path, "b", 1, (0.0, 2.0), seconds=1.0),  # inside the first
        placed(tmp_path, "c", 1, (0.0, 5.01), seconds=1.0),
        placed(tmp_path, "d", 1, (0.0, 7.0), seconds=2.0),
    ]
    clock, seconds = common_clock(tracks, 0.01)
    assert clock == Clock((Anchor(0.0, 1.0), Anchor(5.01, 7.0)))
    assert seconds == pytest.approx(7.01)


def test_only_tracks_that_sound_together_share_the_level(tmp_path: Path) -> None:
    first, second = placed(tmp_path, "a", 1, seconds=4.0), placed(tmp_path, "b", 1, (0.0, 3.0), seconds=4.0)
    assert most_at_once([first]) == 1
    assert most_at_once([first, second]) == 2
    assert most_at_once([first, first, second]) == 3
    later = placed(tmp_path, "c", 1, (0.0, 3.7), seconds=4.0)  # programmes that follow each other
    assert most_at_once([first, later]) == 1


@pytest.mark.parametrize("block", [RATE // 3, RATE, 60 * RATE])
def test_a_mix_has_each_track_in_its_place_and_cannot_clip(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixing, "BLOCK", block)
    tracks = [
        placed(tmp_path, "a", 30_000, (0.0, 10.0), (1.0, 12.0), seconds=2.0),
        placed(tmp_path, "b", 20_000, (0.0, 10.2), seconds=1.8),
    ]
    clock, seconds = common_clock(tracks, 0.01)
    assert seconds == 3.0
    samples, sha256 = mix(tracks, clock, seconds, tmp_path / "mono", tmp_path / "all")
    mono = np.fromfile(tmp_path / "mono", "<i2")
    assert samples == len(mono) == 3 * RATE
    assert at(mono, 0.0, 0.6, 1.2, 1.99, 2.0, 2.99) == [15_000, 25_000, 10_000, 10_000, 15_000, 15_000]
    assert sha256 == hashlib.sha256(mono.tobytes()).hexdigest()
    together = np.fromfile(tmp_path / "all", "<i2").reshape(-1, 2)
    assert at(together[:, 0], 0.0, 1.2, 2.5) == [30_000, 0, 30_000]
    assert at(together[:, 1], 0.0, 0.6, 1.99, 2.5) == [0, 20_000, 20_000, 0]


def test_full_scale_of_every_track_stays_full_scale(tmp_path: Path) -> None:
    tracks = [placed(tmp_path, name, -32_768, seconds=1.0) for name in "abc"]
    mix(tracks, Clock(), 1.0, tmp_path / "mono", None)
    assert set(np.fromfile(tmp_path / "mono", "<i2")) == {-32_768}
    assert not (tmp_path / "all").exists()
