"""The contract of artifact stores, tested with the real ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mediaindex.contract.artifacts import ArtifactStore
from mediaindex.errors import ConfigError, TerminalError
from mediaindex.storage.artifacts import FolderArtifactStore, S3ArtifactStore, open_store
from mediaindex.storage.client import s3_client

NAME = ("ab" * 32, "diarize", "0f" * 16)


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "folder":
        return FolderArtifactStore(tmp_path / "artifacts")
    return S3ArtifactStore(request.getfixturevalue("client"), request.getfixturevalue("bucket"))


def test_a_payload_is_read_back(store: ArtifactStore) -> None:
    store.put(*NAME, b'{"a": 1}')
    assert store.exists(*NAME)
    assert store.get(*NAME) == b'{"a": 1}'


def test_a_missing_artifact_is_none(store: ArtifactStore, tmp_path: Path) -> None:
    target = tmp_path / "audio.flac"
    assert not store.exists(*NAME)
    assert store.get(*NAME) is None
    assert store.get_pointer("source", "77") is None
    assert not store.has_file(*NAME, "audio.flac")
    assert not store.get_file(*NAME, "audio.flac", target)
    assert not target.exists()


def test_a_file_is_read_back(store: ArtifactStore, tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(bytes(range(256)) * 40_000)  # more than one part of a multipart upload
    store.put_file(*NAME, "audio.flac", source)
    assert store.has_file(*NAME, "audio.flac")
    assert store.get_file(*NAME, "audio.flac", target)
    assert target.read_bytes() == source.read_bytes()


def test_a_pointer_is_replaced(store: ArtifactStore) -> None:
    store.put_pointer("source", "77", {"audio_sha256": "old"})
    store.put_pointer("source", "77", {"audio_sha256": "new"})
    assert store.get_pointer("source", "77") == {"audio_sha256": "new"}


def test_readers_see_a_whole_artifact_or_none(store: ArtifactStore) -> None:
    payloads = [bytes([n]) * 200_000 for n in range(8)]
    store.put(*NAME, payloads[0])
    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(store.put, *NAME, payload) for payload in payloads]
        while not all(write.done() for write in writes):
            assert store.get(*NAME) in payloads


def test_a_name_that_leaves_its_folder_is_refused(store: ArtifactStore) -> None:
    with pytest.raises(TerminalError):
        store.put("../../etc", "diarize", "f0", b"")


def test_the_uri_names_the_artifact(store: ArtifactStore) -> None:
    assert store.uri(*NAME).endswith(f"/artifacts/{'/'.join(NAME)}.json.gz")


def test_a_folder_keeps_no_partial_files(tmp_path: Path) -> None:
    store = FolderArtifactStore(tmp_path)
    with pytest.raises(Exception, match="no-such-file"):
        store.put_file(*NAME, "audio.flac", tmp_path / "no-such-file")
    store.put(*NAME, b"{}")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{NAME[2]}.json.gz"]


@pytest.mark.servers
def test_a_missing_bucket_is_a_config_error(client: object) -> None:
    assert client
    store = S3ArtifactStore(s3_client(), "mediaindex-no-such-bucket")
    with pytest.raises(ConfigError, match="bucket does not exist"):
        store.put(*NAME, b"{}")
    with pytest.raises(ConfigError, match="bucket does not exist"):
        store.get(*NAME)


def test_the_store_of_a_job_is_opened(tmp_path: Path) -> None:
    from mediaindex.contract.job import FolderStore, S3Store

    assert open_store(FolderStore(path=str(tmp_path))).uri(*NAME).startswith(tmp_path.as_uri())
    opened = open_store(S3Store(bucket="b", prefix="/p/", endpoint_url="http://127.0.0.1:1"))
    assert opened.uri(*NAME) == f"s3://b/p/{'/'.join(NAME)}.json.gz"


def test_artifacts_in_a_folder_are_private(tmp_path: Path) -> None:
    store = FolderArtifactStore(tmp_path / "artifacts")
    store.put(*NAME, b"{}")
    store.put_pointer("source", "77", {})
    files = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
