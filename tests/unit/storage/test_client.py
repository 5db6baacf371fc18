from __future__ import annotations

import pytest

from mediaindex.errors import TransientError
from mediaindex.storage import client as module
from mediaindex.storage.client import s3_client
from mediaindex.storage.media import list_objects


def test_a_custom_endpoint_is_used_with_path_style(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_S3_ENDPOINT_URL", "http://127.0.0.1:1234")
    client = s3_client()
    assert client.meta.endpoint_url == "http://127.0.0.1:1234"
    assert client.meta.config.s3["addressing_style"] == "path"  # type: ignore[attr-defined]
    assert s3_client("http://127.0.0.1:4321").meta.endpoint_url == "http://127.0.0.1:4321"


def test_a_client_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_S3_ENDPOINT_URL", "http://127.0.0.1:1234")
    assert s3_client() is s3_client("http://127.0.0.1:1234")


def test_an_unreachable_server_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(TransientError, match="bucket"):
        list(list_objects(s3_client("http://127.0.0.1:1"), "bucket"))
