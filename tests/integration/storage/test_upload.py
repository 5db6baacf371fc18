from __future__ import annotations

import hashlib
import tracemalloc
from typing import Any

import pytest

from mediaindex.errors import ConfigError
from mediaindex.storage.upload import PART_BYTES, Upload

pytestmark = pytest.mark.servers
PART = 5 << 20  # the smallest that S3 accepts


def body(size: int) -> bytes:
    return (hashlib.sha256(b"x").digest() * (size // 32 + 1))[:size]


def stored(client: Any, bucket: str, key: str = "a.mp3") -> bytes:
    data: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return data


def unfinished(client: Any, bucket: str) -> list[str]:
    return [upload["UploadId"] for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]


def feed(upload: Upload, data: bytes, step: int = 700_000) -> None:
    for begin in range(0, len(data), step):
        upload.write(data[begin : begin + step])


@pytest.mark.parametrize("size", [1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 7])
def test_an_object_of_any_size_has_its_type_and_metadata(client: Any, bucket: str, size: int) -> None:
    upload = Upload(client, bucket, "a.mp3", {"episode-title": "One%20two"}, part_bytes=PART)
    upload.open("audio/mpeg")
    feed(upload, body(size))
    assert upload.received == size
    done = upload.finish()
    head = client.head_object(Bucket=bucket, Key="a.mp3")
    assert (head["ETag"].strip('"'), head["ContentLength"]) == (done.etag, done.size) == (done.etag, size)
    assert (head["ContentType"], head["Metadata"]) == ("audio/mpeg", {"episode-title": "One%20two"})
    assert stored(client, bucket) == body(size)


def test_the_object_is_not_visible_before_the_end(client: Any, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="a.mp3", Body=b"before")
    upload = Upload(client, bucket, "a.mp3", part_bytes=PART)
    feed(upload, body(2 * PART + 7))
    assert stored(client, bucket) == b"before"
    upload.abort()
    assert stored(client, bucket) == b"before"
    assert unfinished(client, bucket) == []


def test_another_process_resumes_from_the_last_whole_part(client: Any, bucket: str) -> None:
    first = Upload(client, bucket, "a.mp3", part_bytes=PART)
    feed(first, body(2 * PART + 9))
    second = Upload(client, bucket, "a.mp3", part_bytes=PART, resume_id=first.resume_id)
    assert second.received == 2 * PART
    feed(second, body(3 * PART + 5)[2 * PART :])
    done = second.finish()
    assert stored(client, bucket) == body(3 * PART + 5)
    assert unfinished(client, bucket) == []
    # Equal bytes have one ETag in any upload, so that the ledger sees no new version.
    whole = Upload(client, bucket, "b.mp3", part_bytes=PART)
    feed(whole, body(3 * PART + 5), step=1_234_567)
    assert whole.finish().etag == done.etag


def test_an_upload_killed_while_it_finishes_is_resumed(client: Any, bucket: str) -> None:
    first = Upload(client, bucket, "a.mp3", part_bytes=PART)
    feed(first, body(PART + 9))
    first._send(bytes(first._buffer))  # the short part is sent, and the upload is not completed
    second = Upload(client, bucket, "a.mp3", part_bytes=PART, resume_id=first.resume_id)
    assert second.received == PART
    feed(second, body(PART + 9)[PART:])
    second.finish()
    assert stored(client, bucket) == body(PART + 9)


@pytest.mark.parametrize("size", [9, PART + 9])
def test_an_upload_that_starts_again_has_only_the_new_bytes(client: Any, bucket: str, size: int) -> None:
    upload = Upload(client, bucket, "a.mp3", part_bytes=PART)
    feed(upload, b"x" * size)
    upload.restart()
    assert (upload.received, upload.resume_id) == (0, None)
    feed(upload, body(PART + 7))
    upload.finish()
    assert stored(client, bucket) == body(PART + 7)
    assert unfinished(client, bucket) == []


def test_an_unknown_upload_starts_again(client: Any, bucket: str) -> None:
    first = Upload(client, bucket, "a.mp3", part_bytes=PART)
    feed(first, body(PART + 9))
    forgotten = first.resume_id
    first.abort()
    second = Upload(client, bucket, "a.mp3", part_bytes=PART, resume_id=forgotten)
    assert (second.received, second.resume_id) == (0, None)


def test_memory_is_bounded(client: Any, bucket: str) -> None:
    upload = Upload(client, bucket, "a.mp3")
    chunk = bytes(1 << 20)
    tracemalloc.start()
    for _ in range(50):
        upload.write(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    upload.abort()
    assert peak < 4 * PART_BYTES


def test_a_missing_bucket_is_a_config_error(client: Any) -> None:
    upload = Upload(client, "mediaindex-no-such-bucket", "a.mp3")
    upload.write(b"x")
    with pytest.raises(ConfigError, match="bucket does not exist"):
        upload.finish()
