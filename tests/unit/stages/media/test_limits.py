"""A process that decodes a recording has limits of its own, which grow with the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mediaindex.errors import DoubtfulError
from mediaindex.stages.media import process
from mediaindex.stages.media.commands import Output, convert
from mediaindex.stages.media.limits import LEAST_MEMORY, Files, Limits
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.process import run
from tests.builders.hostile import sample_table

MB = 1 << 20
PEAK = f"""
import resource, sys
from pathlib import Path
from mediaindex.errors import MediaindexError
from mediaindex.stages.media.probe import probe
try:
    probe(Path(sys.argv[1]))
    print("read")
except MediaindexError as error:
    print(error.failure_class, error.code)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // {MB // 1024})
"""


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.mark.parametrize(("tracks", "samples"), [(1, 40_000_000), (60, 1_000_000)])
def test_a_small_file_that_claims_millions_of_samples_takes_bounded_memory(
    tmp_path: Path, tracks: int, samples: int
) -> None:
    bomb = sample_table(tmp_path, samples=samples, tracks=tracks)
    assert bomb.stat().st_size < 100_000
    done = subprocess.run([sys.executable, "-c", PEAK, str(bomb)], capture_output=True, text=True, check=True)
    outcome, peak_mb = done.stdout.splitlines()
    assert outcome.split()[0] == "doubtful"
    assert int(peak_mb) < LEAST_MEMORY // MB + 100  # the program itself and its libraries


def test_an_index_that_claims_more_samples_than_the_file_has_bytes_is_doubtful(tmp_path: Path) -> None:
    with pytest.raises(DoubtfulError) as caught:
        probe(sample_table(tmp_path, samples=1_500_000))
    assert caught.value.code == "implausible_media"


def test_too_many_streams_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DoubtfulError) as caught:
        probe(sample_table(tmp_path, samples=1, tracks=90))
    assert caught.value.code == "media_limit"


def test_memory_grows_with_the_file_up_to_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day_of_samples = 24 * 3600 * 48_000 // 1024  # of AAC; an MP4's index takes about 100 bytes for each
    day = Files(inputs=(sparse(tmp_path / "day.m4a", 350 * MB),))
    assert Limits.of(day, 60).memory >= 100 * day_of_samples + 100 * MB
    assert Limits.of(Files(), 60).memory == LEAST_MEMORY
    monkeypatch.setenv("MEDIAINDEX_DECODER_MEMORY_MB", "500")
    assert Limits.of(day, 60).memory == 500 * MB


def test_the_files_of_a_command_are_found_in_it(tmp_path: Path) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.pcm"
    outputs = [Output("pipe:1", {"f": "s16le"}), Output(f"file:{target}", {"fs": 3200, "f": "s16le"})]
    command = convert(f"file:{source}", "0", outputs, reading={})
    assert Files.of(command) == Files((source,), (target,), 3200)
    assert Files.of(["ffprobe", "-of", "json", f"file:{source}"]) == Files((source,))


def test_an_endless_computation_ends_by_its_processor_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_in_idle_class", lambda: True)  # whose limit of wall time is twenty times longer
    with pytest.raises(DoubtfulError) as caught:
        run(["sh", "-c", "while :; do :; done"], 0.5, lambda _: None, name="x")
    assert caught.value.code == "media_limit"


def test_a_process_without_an_output_file_cannot_write_one() -> None:
    with pytest.raises(DoubtfulError) as caught:
        run(["sh", "-c", "head -c 10 /dev/zero > /tmp/x"], 60, lambda _: None, name="x")
    assert caught.value.code == "media_limit"


def test_a_crash_of_the_decoder_is_doubtful() -> None:
    with pytest.raises(DoubtfulError) as caught:
        run(["sh", "-c", "kill -SEGV $$"], 60, lambda _: None, name="x")
    assert caught.value.code == "ffmpeg_crashed"
