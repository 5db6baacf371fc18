"""S3 that answers 503 or 500 or resets connections: a retry succeeds, or the error is transient."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import TransientError
from mediaindex.runner.outage import OUTAGE_AFTER
from mediaindex.storage import looks, media
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.upload import Upload
from tests.builders.s3_proxy import Act, S3Proxy, answers, drops_the_answer, hangs_up

from .conftest import TRIES, run_normalize

pytestmark = pytest.mark.servers

ARTIFACT = ("ab" * 32, "diarize", "0f" * 16)
PART = 5 << 20


def lists(client: Any, bucket: str, _folder: Path) -> Any:
    return [listed.key for listed in media.list_objects(client, bucket, "in/")]


def looks_at(client: Any, bucket: str, _folder: Path) -> Any:
    return looks.look(client, bucket, "in/a.wav") is not None


def opens(client: Any, bucket: str, _folder: Path) -> Any:
    found = looks.look(client, bucket, "in/a.wav")
    assert found
    return looks.first_bytes(client, found)


def downloads(client: Any, bucket: str, folder: Path) -> Any:
    (listed,) = media.list_objects(client, bucket, "in/")
    media.download(client, listed, folder / "target")
    return (folder / "target").read_bytes()


def stores(client: Any, bucket: str, folder: Path) -> Any:
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


OPERATIONS: list[Callable[[Any, str, Path], Any]] = [lists, looks_at, opens, downloads, stores, uploads]
WRONG = {"SlowDown": answers(503, "SlowDown"), "InternalError": answers(500, "InternalError"), "a reset": hangs_up}
# After a SlowDown the client limits its own rate for seconds, so only two operations are tested.
CASES = [("SlowDown", lists), ("SlowDown", uploads), *product(("InternalError", "a reset"), OPERATIONS)]


@pytest.mark.parametrize(("wrong", "operation"), CASES)
def test_a_single_error_is_retried(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, operation: Any, wrong: str
) -> None:
    client.put_object(Bucket=bucket, Key="in/a.wav", Body=b"RIFF")
    folders = [tmp_path / "direct", tmp_path / "proxied"]
    for folder in folders:
        folder.mkdir()
    expected = operation(client, bucket, folders[0])
    proxy.on(WRONG[wrong], times=1)
    assert operation(through, bucket, folders[1]) == expected
    assert proxy.rules[0].times == 0


@pytest.mark.parametrize(("wrong", "operation"), CASES)
def test_a_lasting_error_is_transient_after_a_few_tries(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, operation: Any, wrong: str
) -> None:
    client.put_object(Bucket=bucket, Key="in/a.wav", Body=b"RIFF")
    act: Act = WRONG[wrong]
    proxy.on(act)
    with pytest.raises(TransientError, match=f"s3://{bucket}/") as caught:
        operation(through, bucket, tmp_path)
    assert caught.value.code == ("s3_unreachable" if act is hangs_up else "s3_busy")
    assert len(proxy.asked) == TRIES


def test_an_upload_succeeds_if_the_final_answer_is_lost(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path
) -> None:
    """The object is complete after the upload, or after a second upload if the first fails with a transient error."""
    proxy.on(drops_the_answer, "POST", "uploadId", times=1)
    try:
        uploads(through, bucket, tmp_path)
    except TransientError:
        uploads(through, bucket, tmp_path)
    assert client.head_object(Bucket=bucket, Key="podcast/one.mp3")["ContentLength"] == 11 << 20
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)


def test_an_outage_of_s3_skips_the_rest_of_the_batch_and_fails_no_recording(
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
    assert TRIES * len(tried) <= len(proxy.asked) <= TRIES * len(tried) + at_once  # and a single request, without tries
