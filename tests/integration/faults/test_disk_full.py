"""A full disk of a worker, at any moment: a transient error with folder and free space, and no partial result."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mediaindex.contract.job import FileSource, FolderStore, Hints, Job, JobItem, JobResult, ObjectSource, S3Store
from mediaindex.errors import TransientError
from mediaindex.orchestration.child import SpeechChild, child_environment
from mediaindex.storage.artifacts import FolderArtifactStore
from mediaindex.storage.media import list_objects
from tests.builders.media import ffmpeg
from tests.builders.small_disk import SmallDisk, small_disk

pytestmark = pytest.mark.servers

KB = 1 << 10
PYTHON = os.environ.get("MEDIAINDEX_SPEECH_PYTHON", "")
ARTIFACT = ("ab" * 32, "diarize", "0f" * 16)

# Normalise the same recording on a disk of each size, each time with a new artifact store.
SWEEP = """
import json, pathlib, subprocess, sys, tempfile
from mediaindex.runner.engines import Engines
from mediaindex.runner.execute import run_job
from mediaindex.contract.job import Job
from mediaindex.storage.artifacts import FolderArtifactStore
disk, job, sizes = sys.argv[1], Job.model_validate_json(sys.argv[2]), json.loads(sys.argv[3])
tempfile.tempdir = disk
for size in sizes:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)
    store = pathlib.Path(job.store.path) / str(size)
    done = run_job(job, FolderArtifactStore(store), Engines())
    files = sorted(path.name for path in store.rglob("*") if path.is_file())
    left = [str(path) for path in pathlib.Path(disk).rglob("*")]
    print(json.dumps([size, done.items[0].model_dump(), files, left]))
"""

SPILL = """
import errno, sys, tempfile
import numpy
from mediaindex.engines.diarization.store import Store
from mediaindex.runner.disk_space import is_exhausted
tempfile.tempdir = sys.argv[1]
try:
    with Store() as store:
        for _ in range(20_000):
            store.add_window(numpy.ones((589, 3), bool))
        list(store.masks(100))
except OSError as error:
    print(is_exhausted(error), error.errno == errno.ENOSPC)
"""

# Only the second output of the decoder is on the small disk, as if space became free before the first one ends.
PARTIAL = """
import pathlib, sys
from mediaindex.stages.media.decode import decode
from mediaindex.stages.media.probe import probe
from mediaindex.stages.media.tracks import choose_stream
disk, source = pathlib.Path(sys.argv[1]), probe(pathlib.Path(sys.argv[2]))
(disk / "mono.pcm").symlink_to(sys.argv[3])
try:
    print(decode(source, choose_stream(source), disk, keep_channels=True, max_seconds=3600, gap_tolerance=0.1).seconds)
except OSError as error:
    print(error.strerror)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 64 * KB) as mounted:
        yield mounted


@pytest.fixture
def work_folder(disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> SmallDisk:
    """The small disk as the folder for temporary files of the worker and of its speech process."""
    if not PYTHON:
        pytest.skip("MEDIAINDEX_SPEECH_PYTHON is not set: `python -m local env` names it")
    monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
    return disk


def stereo(folder: Path, seconds: int = 20) -> Path:
    """A small file of long stereo noise, encoded at a low bit rate: the decoded audio is much larger."""
    path = folder / "call.mp3"
    noise = f"anoisesrc=d={seconds}:a=0.3:r=16000"
    sources = ("-f", "lavfi", "-i", noise, "-f", "lavfi", "-i", f"{noise}:seed=7")
    ffmpeg(*sources, "-filter_complex", "[0][1]join=inputs=2:channel_layout=stereo", "-b:a", "32k", path)
    return path


def child() -> SpeechChild:
    return SpeechChild(PYTHON, child_environment(os.environ, {}))


def speech(*arguments: str) -> str:
    done = subprocess.run(
        [PYTHON, "-c", *arguments], env=child_environment(os.environ, {}), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_disk_that_fills_at_any_moment_gives_no_partial_recording(work_folder: SmallDisk, tmp_path: Path) -> None:
    source = FileSource(path=str(stereo(tmp_path)))
    item = JobItem(id="1", name="call.mp3", source=source, hints=Hints(party_a_channel=True))
    job = Job(stage="normalize", items=(item,), store=FolderStore(path=str(tmp_path / "store")))
    sizes = [KB * kilobytes for kilobytes in (8, 300, 650, 1200, 1930, 2100, 2400, 8000)]
    runs = [
        json.loads(line)
        for line in speech(SWEEP, str(work_folder.path), job.model_dump_json(), json.dumps(sizes)).splitlines()
        if line.startswith("[")
    ]
    *small, (_, whole, files, _) = runs
    assert (whole["status"], len(files)) == ("done", 4)
    assert len([item for _, item, *_ in small if item["status"] == "failed"]) >= 5
    for size, result, kept, left in small:
        assert left == []
        if result["status"] == "failed":
            error = result["error"]
            assert (error["failure_class"], error["code"]) == ("transient", "worker_exhausted"), (size, result)
            assert f"{work_folder.path} has " in error["message"]
            assert "MB per hour of audio" in error["message"]
            assert kept == []
        else:
            assert (result["audio_sha256"], result["fingerprint"]) == (whole["audio_sha256"], whole["fingerprint"])


def test_a_decoder_that_stops_on_a_full_disk_is_an_error(work_folder: SmallDisk, tmp_path: Path) -> None:
    arguments = [PARTIAL, str(work_folder.path), str(stereo(tmp_path)), str(tmp_path / "mono.pcm")]
    assert speech(*arguments) == "No space left on device\n"


def test_a_recording_too_large_for_the_disk_fails_alone_and_passes_on_a_larger_disk(
    work_folder: SmallDisk, client: Any, bucket: str, tmp_path: Path
) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=1", "-ar", "16000", tmp_path / "b.wav")
    for key, size in (("a.wav", 4 << 20), ("b.wav", None)):
        body = bytes(size) if size else (tmp_path / "b.wav").read_bytes()
        client.put_object(Bucket=bucket, Key=key, Body=(tmp_path / "b.wav").read_bytes() + body if size else body)
    items = tuple(
        JobItem(
            id=str(number), name=listed.key,
            source=ObjectSource(bucket=bucket, key=listed.key, etag=listed.etag, size=listed.size),
        )
        for number, listed in enumerate(list_objects(client, bucket))
    )  # fmt: skip
    job = Job(stage="normalize", items=items, store=S3Store(bucket=bucket, endpoint_url=client.meta.endpoint_url))
    work_folder.resize(1 << 20)
    large, small = child().run(job).items
    assert small.status == "done"
    assert large.error
    assert (large.error.failure_class, large.error.code) == ("transient", "worker_exhausted")
    assert f"{work_folder.path} has" in large.error.message
    assert "the recording itself (4.0 MB)" in large.error.message
    assert work_folder.files() == []
    work_folder.resize(32 << 20)
    assert [item.status for item in child().run(job).items] == ["done", "cached"]


def job_without_files() -> Job:
    """A job that writes only its request and its result to the disk."""
    item = JobItem(id="1", name="a.wav", source=FileSource(path="/no/such/file.wav"))
    return Job(stage="normalize", items=(item,), store=FolderStore(path="/no/such/store"))


def test_a_job_file_that_cannot_be_written_is_transient(work_folder: SmallDisk) -> None:
    (work_folder.path / "filler").write_bytes(bytes(64 * KB))
    with pytest.raises(TransientError, match=f"No space left on device: {work_folder.path} has 0.0") as caught:
        child().run(job_without_files())
    assert caught.value.code == "worker_exhausted"
    assert work_folder.files() == ["filler"]


def test_a_result_file_that_cannot_be_written_is_transient(work_folder: SmallDisk) -> None:
    (work_folder.path / "filler").write_bytes(bytes(60 * KB))  # one page is free for the request, none for the result
    with pytest.raises(TransientError, match="the result cannot be written: No space left on device"):
        child().run(job_without_files())
    (work_folder.path / "filler").unlink()
    result: JobResult = child().run(job_without_files())
    assert [item.error.code for item in result.items if item.error] == ["missing_file"]


def test_a_diarizer_that_fills_the_disk_reports_a_full_disk(work_folder: SmallDisk) -> None:
    assert speech(SPILL, str(work_folder.path)).split() == ["True", "True"]


def test_a_folder_keeps_no_partial_artifact(disk: SmallDisk, tmp_path: Path) -> None:
    store = FolderArtifactStore(disk.path / "artifacts")
    store.put(*ARTIFACT, b"before")
    (tmp_path / "audio").write_bytes(os.urandom(100 * KB))
    with pytest.raises(TransientError, match="free space"):
        store.put_file(*ARTIFACT, "audio.flac", tmp_path / "audio")
    with pytest.raises(TransientError, match="free space"):
        store.put(*ARTIFACT, os.urandom(100 * KB))
    assert (store.get(*ARTIFACT), store.has_file(*ARTIFACT, "audio.flac")) == (b"before", False)
    assert len(disk.files()) == 1
    disk.resize(1 << 20)
    store.put_file(*ARTIFACT, "audio.flac", tmp_path / "audio")
    assert store.has_file(*ARTIFACT, "audio.flac")
