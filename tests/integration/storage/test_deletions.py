"""Removing objects, artifacts and pointers, on the real server (which keeps no versions)."""

from __future__ import annotations

from typing import Any

import pytest

from mediaindex.storage import deletions
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.media import list_objects

pytestmark = pytest.mark.servers
ONE, OTHER, MARK = "ab" * 32, "cd" * 32, "0f" * 16


def keys(client: Any, bucket: str) -> list[str]:
    return [one.key for one in list_objects(client, bucket)]


@pytest.fixture
def store(client: Any, bucket: str) -> S3ArtifactStore:
    """Two recordings with artifacts, a proxy and a pointer each."""
    store = S3ArtifactStore(client, bucket)
    for audio in (ONE, OTHER):
        store.put(audio, "normalize", MARK, b"{}")
        store.put(audio, "transcribe", MARK, b"{}")
        client.put_object(Bucket=bucket, Key=f"artifacts/{audio}/normalize/{MARK}.audio.flac", Body=b"x")
        store.put_pointer("source", audio[:8], {"audio_sha256": audio, "fingerprint": MARK})
    return store


def test_only_the_version_that_is_meant_is_deleted(client: Any, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="a b+ü.wav", Body=b"new")
    (listed,) = list_objects(client, bucket)
    assert deletions.delete_object(client, bucket, listed.key, "another") == 0
    assert deletions.delete_object(client, bucket, listed.key, listed.etag) == 1
    assert deletions.delete_object(client, bucket, listed.key, listed.etag) == 0
    assert keys(client, bucket) == []


def test_all_of_one_audio_goes_and_nothing_of_another(client: Any, bucket: str, store: S3ArtifactStore) -> None:
    assert store.exists(ONE, "normalize", MARK)
    assert deletions.delete_artifacts(client, bucket, ONE) == 3
    assert [key for key in keys(client, bucket) if ONE in key] == []
    assert len(keys(client, bucket)) == 5
    assert list(deletions.audios_with_artifacts(client, bucket)) == [OTHER]


def test_proxies_go_alone(client: Any, bucket: str, store: S3ArtifactStore) -> None:
    assert deletions.delete_proxies(client, bucket, ONE) == 1
    assert store.exists(ONE, "normalize", MARK)


def test_pointers_are_found_by_what_they_say(client: Any, bucket: str, store: S3ArtifactStore) -> None:
    assert deletions.delete_pointers(client, bucket, [ONE]) == 1
    assert (store.get_pointer("source", ONE[:8]), store.get_pointer("source", OTHER[:8]) is not None) == (None, True)


def test_pointers_are_read_where_etags_are_no_hashes(
    client: Any, bucket: str, store: S3ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.get_pointer("source", ONE[:8])
    monkeypatch.setattr(deletions, "_etag", lambda _: "as encrypted buckets give them")
    assert deletions.delete_pointers(client, bucket, [ONE]) == 1
    assert store.get_pointer("source", OTHER[:8]) is not None


def test_the_youngest_artifact_is_told(client: Any, bucket: str, store: S3ArtifactStore) -> None:
    assert store
    assert deletions.newest_artifact(client, bucket, ONE) is not None
    assert deletions.newest_artifact(client, bucket, "0" * 64) is None
