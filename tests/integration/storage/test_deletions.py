"""Delete objects, artifacts and pointers on the real server, which has no versions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mediaindex.storage import deletions
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.media import list_objects

pytestmark = pytest.mark.servers
ONE, OTHER, FINGERPRINT = "ab" * 32, "cd" * 32, "0f" * 16


def keys(client: Any, bucket: str) -> list[str]:
    return [listed.key for listed in list_objects(client, bucket)]


@pytest.fixture
def store(client: Any, bucket: str) -> S3ArtifactStore:
    """Two recordings with artifacts, a proxy and a pointer each."""
    store = S3ArtifactStore(client, bucket)
    for audio in (ONE, OTHER):
        store.put(audio, "normalize", FINGERPRINT, b"{}")
        store.put(audio, "transcribe", FINGERPRINT, b"{}")
        client.put_object(Bucket=bucket, Key=f"artifacts/{audio}/normalize/{FINGERPRINT}.audio.flac", Body=b"x")
        store.put_pointer("source", audio[:8], {"audio_sha256": audio, "fingerprint": FINGERPRINT})
    return store


def test_only_the_given_version_is_deleted(client: Any, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="a b+ü.wav", Body=b"new")
    (listed,) = list_objects(client, bucket)
    assert deletions.delete_object(client, bucket, listed.key, "another") == 0
    assert deletions.delete_object(client, bucket, listed.key, listed.etag) == 1
    assert deletions.delete_object(client, bucket, listed.key, listed.etag) == 0
    assert keys(client, bucket) == []


def test_all_artifacts_of_one_audio_are_deleted_and_no_others(client: Any, bucket: str, store: S3ArtifactStore) -> None:
    assert store.exists(ONE, "normalize", FINGERPRINT)
    assert deletions.delete_artifacts(client, bucket, ONE) == 3
    assert [key for key in keys(client, bucket) if ONE in key] == []
    assert len(keys(client, bucket)) == 5
    assert list(deletions.audios_with_artifacts(client, bucket)) == [OTHER]


def test_proxies_are_deleted_alone(client: Any, bucket: str, store: S3ArtifactStore) -> None:
    assert deletions.delete_proxies(client, bucket, ONE) == 1
    assert store.exists(ONE, "normalize", FINGERPRINT)


def test_pointers_are_found_by_their_content(client: Any, bucket: str, store: S3ArtifactStore) -> None:
    assert deletions.delete_pointers(client, bucket, [ONE]) == 1
    assert (store.get_pointer("source", ONE[:8]), store.get_pointer("source", OTHER[:8]) is not None) == (None, True)


def test_pointers_are_read_if_etags_are_not_md5(
    client: Any, bucket: str, store: S3ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.get_pointer("source", ONE[:8])
    monkeypatch.setattr(deletions, "_etag", lambda _: "as in encrypted buckets")
    assert deletions.delete_pointers(client, bucket, [ONE]) == 1
    assert store.get_pointer("source", OTHER[:8]) is not None


def test_the_time_of_an_object_is_that_of_its_version(client: Any, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="a.wav", Body=b"new")
    (listed,) = list_objects(client, bucket)
    assert deletions.written_at(client, bucket, "a.wav", listed.etag) == listed.last_modified
    assert deletions.written_at(client, bucket, "a.wav", "another") is None
    assert deletions.written_at(client, bucket, "b.wav", listed.etag) is None


def test_objects_written_after_the_limit_are_kept(client: Any, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="a.wav", Body=b"new")
    (listed,) = list_objects(client, bucket)
    assert deletions.delete_object(client, bucket, "a.wav", before=listed.last_modified) == 0
    assert deletions.delete_object(client, bucket, "a.wav", before=listed.last_modified + timedelta(seconds=1)) == 1


def test_the_newest_artifact_has_a_time(client: Any, bucket: str, store: S3ArtifactStore) -> None:
    assert store
    assert deletions.newest_artifact(client, bucket, ONE) is not None
    assert deletions.newest_artifact(client, bucket, "0" * 64) is None
