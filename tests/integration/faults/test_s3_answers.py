"""S3 that says 503 or 500, or hangs up: a few tries later it is as if nothing had been, or a transient error."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import TransientError
from mediaindex.runner.job_context import OUTAGE_AFTER
from mediaindex.storage import looks, media
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.upload import Upload
from tests.builders.s3_proxy import Act, S3Proxy, answers, hangs_up, loses_the_answer

from .conftest import TRIES, run_normalize

pytestmark = pytest.mark.servers

ARTIFACT = ("ab" * 32, "diarize", "0f" * 16)
PART = 5 << 20


def lists(client: Any, bucket: str, _folder: Path) -> Any:
    return [one.key for one in media.list_objects(client, bucket, "in/")]


def looks_at(client: Any, bucket: str, _folder: Path) -> Any:
    return looks.look(client, bucket, "in/a.wav") is not None


def opens(client: Any, bucket: str, _folder: Path) -> Any:
    one = looks.look(client, bucket, "in/a.wav")
    assert one
    return looks.first_bytes(client, one)


def downloads(client: Any, bucket: str, folder: Path) -> Any:
    (one,) = media.list_objects(client, bucket, "in/")
    media.download(client, one, folder / "target")
    return (folder / "target").read_bytes()


def keeps(client: Any, bucket: str, folder: Path) -> Any:
    store = S3ArtifactStore(client, bucket)
    (folder / "audio").write_bytes(b"flac")
    store.put(*ARTIFACT, b"{}")
    store.put_file(*ARTIFACT, "audio.flac", folder / "audio")
    store.put_pointer("source", "77", {"a": "b"})
    there = store.has_file(*ARTIFACT, "audio.flac") and store.get_file(*ARTIFACT, "audio.flac", folder / "back")
    return store.get(*ARTIFACT), store.get_pointer("source", "77"), there


def uploads(client: Any, bucket: str, _folder: Path) -> Any:
    upload = Upload(client, bucket, "podcast/one.mp3", part_bytes=PART)
    for _ in range(11):
        upload.write(bytes(1 << 20))
    return upload.finish().size


DEEDS: list[Callable[[Any, str, Path], Any]] = [lists, looks_at, opens, downloads, keeps, uploads]
WRONG = {"SlowDown": answers(503, "SlowDown"), "InternalError": answers(500, "InternalError"), "a reset": hangs_up}
# After a SlowDown the client itself goes slowly for seconds: twice is enough.
CASES = [("SlowDown", lists), ("SlowDown", uploads), *((w, d) for w in ("InternalError", "a reset") for d in DEEDS)]


@pytest.mark.parametrize(("wrong", "deed"), CASES)
def test_what_passes_is_not_noticed(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, deed: Any, wrong: str
) -> None:
    client.put_object(Bucket=bucket, Key="in/a.wav", Body=b"RIFF")
    folders = [tmp_path / "straight", tmp_path / "through"]
    for folder in folders:
        folder.mkdir()
    expected = deed(client, bucket, folders[0])
    proxy.on(WRONG[wrong], times=1)
    assert deed(through, bucket, folders[1]) == expected
    assert proxy.rules[0].times == 0


@pytest.mark.parametrize(("wrong", "deed"), CASES)
def test_what_goes_on_is_transient_after_a_few_tries(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, deed: Any, wrong: str
) -> None:
    client.put_object(Bucket=bucket, Key="in/a.wav", Body=b"RIFF")
    act: Act = WRONG[wrong]
    proxy.on(act)
    with pytest.raises(TransientError, match=f"s3://{bucket}/") as caught:
        deed(through, bucket, tmp_path)
    assert caught.value.code == ("s3_unreachable" if act is hangs_up else "s3_busy")
    assert len(proxy.asked) == TRIES


def test_the_last_word_of_an_upload_may_be_lost(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path
) -> None:
    """The object is there, whole, though nobody heard of it; or the upload is transient and the next one makes it."""
    proxy.on(loses_the_answer, "POST", "uploadId", times=1)
    try:
        uploads(through, bucket, tmp_path)
    except TransientError:
        uploads(through, bucket, tmp_path)
    assert client.head_object(Bucket=bucket, Key="podcast/one.mp3")["ContentLength"] == 11 << 20
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)


def test_while_s3_is_away_a_batch_is_not_tried_to_its_end_and_nobody_is_blamed(
    client: Any, through: Any, proxy: S3Proxy, bucket: str
) -> None:
    for number in range(30):
        client.put_object(Bucket=bucket, Key=f"in/{number:02}.wav", Body=b"RIFF")
    objects = list(media.list_objects(through, bucket))
    proxy.begin()
    proxy.on(hangs_up)
    errors = [item.error for item in run_normalize(objects, proxy.url).items if item.error]
    assert {(error.failure_class, error.code) for error in errors} == {("transient", "s3_unreachable")}
    tried = [error for error in errors if "skipped" not in error.message]
    at_once = max(2, len(os.sched_getaffinity(0)))
    assert (len(errors), OUTAGE_AFTER <= len(tried) < OUTAGE_AFTER + at_once) == (30, True)
    assert len(proxy.asked) == TRIES * len(tried)
