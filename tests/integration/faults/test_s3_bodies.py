"""Bodies from S3 that are slow, truncated or of a replaced object: none is accepted as the recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import MediaindexError, TerminalError, TransientError
from mediaindex.storage import looks, media, pace
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.objects import ObjectVersion
from tests.builders.s3_proxy import S3Proxy, after, never_answers, trickles, truncates

from .conftest import TRIES

pytestmark = pytest.mark.servers

SMALL, LARGE = 300_000, 20_000_000  # bytes; downloaded in one request, and in several parallel ones
ARTIFACT = ("ab" * 32, "diarize", "0f" * 16)


def put(client: Any, bucket: str, size: int, letter: bytes = b"x") -> ObjectVersion:
    client.put_object(Bucket=bucket, Key="in/a.wav", Body=letter * size)
    (found,) = media.list_objects(client, bucket, "in/")
    return found


def download_error(client: Any, listed: ObjectVersion, target: Path) -> MediaindexError:
    """The error of the download, which must leave no file."""
    with pytest.raises(MediaindexError) as caught:
        media.download(client, listed, target)
    assert list(target.parent.iterdir()) == []
    return caught.value


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("close", [True, False], ids=["closed", "reset"])
def test_a_body_truncated_a_few_times_is_completed(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, size: int, close: bool
) -> None:
    listed = put(client, bucket, size)
    proxy.on(truncates(100_000, close=close), "GET", "a.wav", times=2)
    media.download(through, listed, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"x" * size


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("close", [True, False], ids=["closed", "reset"])
def test_a_body_that_is_always_truncated_is_a_transient_error(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, size: int, close: bool
) -> None:
    listed = put(client, bucket, size)
    proxy.on(truncates(100_000, close=close), "GET", "a.wav")
    error = download_error(through, listed, tmp_path / "target")
    assert (type(error), error.code) == (TransientError, "s3_unreachable")
    assert f"s3://{bucket}/in/a.wav" in error.message
    assert len(proxy.asked) <= 5 * 4  # tries per part, parallel parts


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_body_that_trickles_is_a_transient_error(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(pace, "WINDOW_S", 0.2)
    listed = put(client, bucket, size)
    proxy.on(trickles(100_000), "GET", "a.wav")
    error = download_error(through, listed, tmp_path / "target")
    assert (type(error), error.code) == (TransientError, "s3_slow")
    assert "bytes in" in error.message


def test_a_missing_answer_is_a_transient_error_after_one_round_of_tries(
    client: Any, short_timeout: Any, proxy: S3Proxy, bucket: str, tmp_path: Path
) -> None:
    listed = put(client, bucket, SMALL)
    proxy.on(never_answers)
    error = download_error(short_timeout, listed, tmp_path / "target")
    assert (type(error), error.code) == (TransientError, "s3_unreachable")
    assert "does not answer" in error.message
    assert len(proxy.asked) == TRIES


def test_an_object_replaced_during_the_download_is_changed(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path
) -> None:
    listed = put(client, bucket, LARGE)
    proxy.on(after(lambda: put(client, bucket, LARGE, b"y")), "GET", "a.wav", times=1, skip=1)
    error = download_error(through, listed, tmp_path / "target")
    assert (isinstance(error, TerminalError), error.code) == (True, "changed")


def test_truncated_first_bytes_are_a_transient_error(client: Any, through: Any, proxy: S3Proxy, bucket: str) -> None:
    listed = put(client, bucket, SMALL)
    proxy.on(truncates(3), "GET", "a.wav")
    with pytest.raises(TransientError, match=r"in/a\.wav"):
        looks.first_bytes(through, listed)


@pytest.mark.parametrize("close", [True, False], ids=["closed", "reset"])
def test_a_truncated_artifact_is_a_transient_error(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, close: bool
) -> None:
    direct, store = S3ArtifactStore(client, bucket), S3ArtifactStore(through, bucket)
    (tmp_path / "in").write_bytes(b"x" * LARGE)
    direct.put(*ARTIFACT, b"x" * LARGE)
    direct.put_file(*ARTIFACT, "audio.flac", tmp_path / "in")
    direct.put_pointer("source", "77", {"audio_sha256": "ab"})
    proxy.on(truncates(10, close=close), "GET")
    target = tmp_path / "out" / "audio.flac"
    target.parent.mkdir()
    with pytest.raises(TransientError):
        store.get(*ARTIFACT)
    with pytest.raises(TransientError):
        store.get_pointer("source", "77")
    with pytest.raises(TransientError):
        store.get_file(*ARTIFACT, "audio.flac", target)
    assert list(target.parent.iterdir()) == []


def test_an_artifact_that_trickles_is_a_transient_error(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "WINDOW_S", 0.2)
    S3ArtifactStore(client, bucket).put(*ARTIFACT, bytes(range(256)) * 100)
    proxy.on(trickles(10), "GET")
    with pytest.raises(TransientError) as caught:
        S3ArtifactStore(through, bucket).get(*ARTIFACT)
    assert caught.value.code == "s3_slow"
