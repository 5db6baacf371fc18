"""What S3 sends of an object: too slowly, not to its end, or of another one. None of it passes for a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import MediaindexError, TerminalError, TransientError
from mediaindex.storage import looks, media, pace
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.objects import ObjectVersion
from tests.builders.s3_proxy import S3Proxy, after, breaks_off, drips, says_nothing

from .conftest import TRIES

pytestmark = pytest.mark.servers

SMALL, LARGE = 300_000, 20_000_000  # in one request, and in several at once
ARTIFACT = ("ab" * 32, "diarize", "0f" * 16)


def put(client: Any, bucket: str, size: int, letter: bytes = b"x") -> ObjectVersion:
    client.put_object(Bucket=bucket, Key="in/a.wav", Body=letter * size)
    (found,) = media.list_objects(client, bucket, "in/")
    return found


def failure(client: Any, one: ObjectVersion, target: Path) -> MediaindexError:
    """How the download fails; nothing of it is left."""
    with pytest.raises(MediaindexError) as caught:
        media.download(client, one, target)
    assert list(target.parent.iterdir()) == []
    return caught.value


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("politely", [True, False], ids=["an-end", "a-reset"])
def test_a_body_that_breaks_off_once_is_made_good(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, size: int, politely: bool
) -> None:
    one = put(client, bucket, size)
    proxy.on(breaks_off(100_000, politely=politely), "GET", "a.wav", times=2)
    media.download(through, one, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"x" * size


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("politely", [True, False], ids=["an-end", "a-reset"])
def test_a_body_that_always_breaks_off_is_transient_and_never_a_recording(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, size: int, politely: bool
) -> None:
    one = put(client, bucket, size)
    proxy.on(breaks_off(100_000, politely=politely), "GET", "a.wav")
    error = failure(through, one, tmp_path / "target")
    assert (type(error), error.code) == (TransientError, "s3_unreachable")
    assert f"s3://{bucket}/in/a.wav" in error.message
    assert len(proxy.asked) <= 5 * 4  # tries of a part, parts at once


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_drip_is_too_slow_and_transient(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(pace, "WINDOW_S", 0.2)
    one = put(client, bucket, size)
    proxy.on(drips(100_000), "GET", "a.wav")
    error = failure(through, one, tmp_path / "target")
    assert (type(error), error.code) == (TransientError, "s3_slow")
    assert "bytes in" in error.message


def test_silence_is_transient_and_has_its_tries_once(
    client: Any, impatient: Any, proxy: S3Proxy, bucket: str, tmp_path: Path
) -> None:
    one = put(client, bucket, SMALL)
    proxy.on(says_nothing)
    error = failure(impatient, one, tmp_path / "target")
    assert (type(error), error.code) == (TransientError, "s3_unreachable")
    assert "does not answer" in error.message
    assert len(proxy.asked) == TRIES


def test_an_object_that_is_replaced_while_it_comes_is_changed(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path
) -> None:
    one = put(client, bucket, LARGE)
    proxy.on(after(lambda: put(client, bucket, LARGE, b"y")), "GET", "a.wav", times=1, skip=1)
    error = failure(through, one, tmp_path / "target")
    assert (isinstance(error, TerminalError), error.code) == (True, "changed")


def test_first_bytes_that_do_not_come_are_transient(client: Any, through: Any, proxy: S3Proxy, bucket: str) -> None:
    one = put(client, bucket, SMALL)
    proxy.on(breaks_off(3), "GET", "a.wav")
    with pytest.raises(TransientError, match=r"in/a\.wav"):
        looks.first_bytes(through, one)


@pytest.mark.parametrize("politely", [True, False], ids=["an-end", "a-reset"])
def test_half_an_artifact_is_none(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, tmp_path: Path, politely: bool
) -> None:
    straight, store = S3ArtifactStore(client, bucket), S3ArtifactStore(through, bucket)
    (tmp_path / "in").write_bytes(b"x" * LARGE)
    straight.put(*ARTIFACT, b"x" * LARGE)
    straight.put_file(*ARTIFACT, "audio.flac", tmp_path / "in")
    straight.put_pointer("source", "77", {"audio_sha256": "ab"})
    proxy.on(breaks_off(10, politely=politely), "GET")
    target = tmp_path / "out" / "audio.flac"
    target.parent.mkdir()
    with pytest.raises(TransientError):
        store.get(*ARTIFACT)
    with pytest.raises(TransientError):
        store.get_pointer("source", "77")
    with pytest.raises(TransientError):
        store.get_file(*ARTIFACT, "audio.flac", target)
    assert list(target.parent.iterdir()) == []


def test_a_drip_of_an_artifact_is_too_slow(
    client: Any, through: Any, proxy: S3Proxy, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "WINDOW_S", 0.2)
    S3ArtifactStore(client, bucket).put(*ARTIFACT, bytes(range(256)) * 100)
    proxy.on(drips(10), "GET")
    with pytest.raises(TransientError) as caught:
        S3ArtifactStore(through, bucket).get(*ARTIFACT)
    assert caught.value.code == "s3_slow"
