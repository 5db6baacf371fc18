"""The disk under a worker is full, at any moment: a transient error that says where and how much, and nothing half."""

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

# The same recording again and again, on a disk that has a little more room each time; a store of its own each time.
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

# Only the second output of the decoder lies on the small disk, as if room came back just before the first one ends.
HALF = """
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
    """The worker's temporary files, and those of the speech process that it starts, lie on the small disk."""
    if not PYTHON:
        pytest.skip("MEDIAINDEX_SPEECH_PYTHON is not set: `python -m local env` names it")
    monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
    return disk


def stereo(folder: Path, seconds: int = 20) -> Path:
    """A small file with much sound in it: noise, which no codec for music makes small, at a low bit rate."""
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


def test_at_whatever_moment_the_disk_fills_no_half_recording_passes(work_folder: SmallDisk, tmp_path: Path) -> None:
    source = FileSource(path=str(stereo(tmp_path)))
    item = JobItem(id="1", name="call.mp3", source=source, hints=Hints(party_a_channel=True))
    job = Job(stage="normalize", items=(item,), store=FolderStore(path=str(tmp_path / "store")))
    sizes = [KB * kilobytes for kilobytes in (8, 300, 650, 1200, 1930, 2100, 2400, 8000)]
    told = [
        json.loads(line)
        for line in speech(SWEEP, str(work_folder.path), job.model_dump_json(), json.dumps(sizes)).splitlines()
        if line.startswith("[")
    ]
    *short, (_, whole, files, _) = told
    assert (whole["status"], len(files)) == ("done", 4)
    assert len([one for _, one, *_ in short if one["status"] == "failed"]) >= 5
    for size, one, kept, left in short:
        assert left == []
        if one["status"] == "failed":
            assert (one["error"]["failure_class"], one["error"]["code"]) == ("transient", "worker_exhausted"), (
                size,
                one,
            )
            assert f"{work_folder.path} has " in one["error"]["message"]
            assert "MB per hour of audio" in one["error"]["message"]
            assert kept == []
        else:
            assert (one["audio_sha256"], one["fingerprint"]) == (whole["audio_sha256"], whole["fingerprint"])


def test_a_decoder_that_stops_for_want_of_room_has_not_decoded_all(work_folder: SmallDisk, tmp_path: Path) -> None:
    arguments = [HALF, str(work_folder.path), str(stereo(tmp_path)), str(tmp_path / "mono.pcm")]
    assert speech(*arguments) == "No space left on device\n"


def test_a_recording_that_does_not_fit_leaves_the_others_alone_and_passes_when_there_is_room(
    work_folder: SmallDisk, client: Any, bucket: str, tmp_path: Path
) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=440:d=1", "-ar", "16000", tmp_path / "b.wav")
    for key, size in (("a.wav", 4 << 20), ("b.wav", None)):
        body = bytes(size) if size else (tmp_path / "b.wav").read_bytes()
        client.put_object(Bucket=bucket, Key=key, Body=(tmp_path / "b.wav").read_bytes() + body if size else body)
    items = tuple(
        JobItem(
            id=str(number), name=one.key,
            source=ObjectSource(bucket=bucket, key=one.key, etag=one.etag, size=one.size),
        )
        for number, one in enumerate(list_objects(client, bucket))
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


def nothing_on_disk() -> Job:
    """A job whose work takes no room: only its request and its answer do."""
    item = JobItem(id="1", name="a.wav", source=FileSource(path="/no/such/file.wav"))
    return Job(stage="normalize", items=(item,), store=FolderStore(path="/no/such/store"))


def test_a_job_that_cannot_be_written_down_is_transient(work_folder: SmallDisk) -> None:
    (work_folder.path / "others").write_bytes(bytes(64 * KB))
    with pytest.raises(TransientError, match=f"No space left on device: {work_folder.path} has 0.0") as caught:
        child().run(nothing_on_disk())
    assert caught.value.code == "worker_exhausted"
    assert work_folder.files() == ["others"]


def test_a_result_that_cannot_be_written_is_transient(work_folder: SmallDisk) -> None:
    (work_folder.path / "others").write_bytes(bytes(60 * KB))  # a page for the request, none for the answer
    with pytest.raises(TransientError, match="the result cannot be written: No space left on device"):
        child().run(nothing_on_disk())
    (work_folder.path / "others").unlink()
    result: JobResult = child().run(nothing_on_disk())
    assert [item.error.code for item in result.items if item.error] == ["missing_file"]


def test_what_the_diarizer_keeps_on_disk_ends_as_a_full_disk_too(work_folder: SmallDisk) -> None:
    assert speech(SPILL, str(work_folder.path)).split() == ["True", "True"]


def test_no_half_artifact_is_kept_in_a_folder(disk: SmallDisk, tmp_path: Path) -> None:
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
