from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config

from mediaindex.errors import ConfigError, TerminalError
from mediaindex.storage.media import download, list_objects

pytestmark = pytest.mark.servers
HOSTILE = ["a b+c?.mp3", "päth/ü&.wav", "quote\"'`$(x).flac", "-rf.ogg"]


def put(client: Any, bucket: str, key: str, body: bytes = b"sound") -> Any:
    client.put_object(Bucket=bucket, Key=key, Body=body)
    return next(one for one in list_objects(client, bucket) if one.key == key)


def test_a_listing_spans_pages_and_resumes(client: Any, bucket: str) -> None:
    keys = [f"in/{n:04}" for n in range(1_005)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: client.put_object(Bucket=bucket, Key=key, Body=b"x"), keys))
    client.put_object(Bucket=bucket, Key="other/x", Body=b"x")
    assert [one.key for one in list_objects(client, bucket, "in/")] == keys
    assert [one.key for one in list_objects(client, bucket, "in/", start_after=keys[1_000])] == keys[1_001:]


def test_folder_markers_are_left_out_and_empty_objects_listed(client: Any, bucket: str) -> None:
    client.put_object(Bucket=bucket, Key="in/", Body=b"")
    client.put_object(Bucket=bucket, Key="in/empty.wav", Body=b"")
    assert [(one.key, one.size) for one in list_objects(client, bucket)] == [("in/empty.wav", 0)]


@pytest.mark.parametrize("key", HOSTILE)
def test_an_object_with_any_key_is_downloaded(client: Any, bucket: str, tmp_path: Path, key: str) -> None:
    download(client, put(client, bucket, key, key.encode()), tmp_path / "target")
    assert (tmp_path / "target").read_text() == key


@pytest.mark.parametrize("size", [0, 1, 20_000_000])
def test_an_object_of_any_size_is_downloaded(client: Any, bucket: str, tmp_path: Path, size: int) -> None:
    body = bytes(n % 251 for n in range(1_000)) * (size // 1_000) if size > 1 else b"x" * size
    download(client, put(client, bucket, "a.wav", body), tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == body


@pytest.mark.parametrize("size", [5, 20_000_000])
def test_a_replaced_object_is_changed(client: Any, bucket: str, tmp_path: Path, size: int) -> None:
    listed = put(client, bucket, "a.wav", b"x" * size)
    put(client, bucket, "a.wav", b"y" * size)
    with pytest.raises(TerminalError) as caught:
        download(client, listed, tmp_path / "target")
    assert caught.value.code == "changed"
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_object_is_gone(client: Any, bucket: str, tmp_path: Path) -> None:
    listed = put(client, bucket, "a.wav")
    client.delete_object(Bucket=bucket, Key="a.wav")
    with pytest.raises(TerminalError, match="no longer exists") as caught:
        download(client, listed, tmp_path / "target")
    assert caught.value.code == "gone"
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_size_is_incomplete(client: Any, bucket: str, tmp_path: Path) -> None:
    listed = replace(put(client, bucket, "a.wav"), size=4)
    with pytest.raises(Exception, match="received 5 bytes instead of 4") as caught:
        download(client, listed, tmp_path / "target")
    assert caught.value.code == "s3_incomplete"  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_wrong_credentials_are_a_config_error(client: Any, bucket: str, tmp_path: Path) -> None:
    import boto3

    other = boto3.client(
        "s3",
        endpoint_url=client.meta.endpoint_url,
        aws_access_key_id="unknown",
        aws_secret_access_key="wrong",
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}),
    )
    with pytest.raises(ConfigError, match="credentials"):
        list(list_objects(other, bucket))
    with pytest.raises(ConfigError, match="credentials") as caught:  # not that of this recording alone
        download(other, put(client, bucket, "a.wav"), tmp_path / "target")
    assert caught.value.code == "s3_credentials"
