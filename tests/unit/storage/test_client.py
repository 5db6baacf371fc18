from __future__ import annotations

import pytest

from mediaindex.errors import TransientError
from mediaindex.storage import client as module
from mediaindex.storage.client import s3_client
from mediaindex.storage.media import list_objects
from mediaindex.storage.queue import sqs_client


def test_a_custom_endpoint_is_used_with_path_style(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_S3_ENDPOINT_URL", "http://127.0.0.1:1234")
    client = s3_client()
    assert client.meta.endpoint_url == "http://127.0.0.1:1234"
    assert client.meta.config.s3["addressing_style"] == "path"  # type: ignore[attr-defined]
    assert s3_client("http://127.0.0.1:4321").meta.endpoint_url == "http://127.0.0.1:4321"


def test_aws_is_used_with_its_own_addressing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_S3_ENDPOINT_URL", raising=False)
    client = s3_client(variables={"AWS_DEFAULT_REGION": "eu-central-1"})
    assert client.meta.endpoint_url == "https://s3.eu-central-1.amazonaws.com"
    assert client.meta.config.s3["addressing_style"] == "auto"  # type: ignore[attr-defined]
    assert client.meta.config.user_agent_extra == "mediaindex"  # type: ignore[attr-defined]


def test_a_server_other_than_aws_needs_no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    module.forget()
    assert s3_client("http://127.0.0.1:4321").meta.region_name == "us-east-1"
    assert sqs_client({}, "http://127.0.0.1:4321").meta.region_name == "us-east-1"
    module.forget()


def test_a_client_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_S3_ENDPOINT_URL", "http://127.0.0.1:1234")
    assert s3_client() is s3_client("http://127.0.0.1:1234")


def test_an_unreachable_server_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(TransientError, match="bucket"):
        list(list_objects(s3_client("http://127.0.0.1:1"), "bucket"))
