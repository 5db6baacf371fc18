"""Errors if S3 refuses access to one object or to all, the credentials, or an expired token."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.announce import message
from mediaindex.catalog.ledger import ledger
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import SeenBy
from mediaindex.errors import ConfigError, MediaindexError, TransientError
from mediaindex.orchestration import discovery, events, indexing
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.storage import media
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.queue import Message
from tests.builders.passed_batches import passed_batch
from tests.builders.s3_proxy import S3Proxy, answers

from .conftest import run_normalize

pytestmark = pytest.mark.servers

DENIED = answers(403, "AccessDenied")
EXPIRED = answers(400, "ExpiredToken")
UNKNOWN = answers(403, "InvalidAccessKeyId")


@pytest.fixture
def objects(client: Any, bucket: str) -> list[Any]:
    for key in ("in/a.wav", "in/b.wav"):
        client.put_object(Bucket=bucket, Key=key, Body=b"RIFF")
    return list(media.list_objects(client, bucket, "in/"))


def download_error(client: Any, listed: Any, folder: Path) -> MediaindexError:
    with pytest.raises(MediaindexError) as caught:
        media.download(client, listed, folder / "target")
    assert list(folder.iterdir()) == []
    return caught.value


def test_one_refused_object_is_a_config_error(through: Any, proxy: S3Proxy, objects: list[Any], tmp_path: Path) -> None:
    proxy.on(DENIED, part="a.wav")
    error = download_error(through, objects[0], tmp_path)
    assert (isinstance(error, ConfigError), error.code) == (True, "s3_refused")
    media.download(through, objects[1], tmp_path / "other")


@pytest.mark.parametrize("part", ["", ".wav"], ids=["all", "all-objects"])
def test_the_error_is_transient_if_no_object_can_be_read(
    through: Any, proxy: S3Proxy, objects: list[Any], tmp_path: Path, part: str
) -> None:
    proxy.on(DENIED, "GET", part)
    error = download_error(through, objects[0], tmp_path)
    assert (type(error), error.code) == (TransientError, "s3_access")
    assert "Other objects nearby cannot be read either" in error.message


def test_an_expired_token_is_transient_and_named(
    through: Any, proxy: S3Proxy, objects: list[Any], tmp_path: Path
) -> None:
    proxy.on(EXPIRED)
    error = download_error(through, objects[0], tmp_path)
    assert (type(error), error.code) == (TransientError, "s3_token_expired")
    assert "renew" in error.message


def test_wrong_credentials_fail_the_job_and_no_recording(
    through: Any, proxy: S3Proxy, bucket: str, objects: list[Any]
) -> None:
    assert through
    proxy.on(UNKNOWN)
    with pytest.raises(ConfigError, match="credentials") as caught:
        run_normalize(objects, proxy.url)
    assert caught.value.code == "s3_credentials"


def test_a_refused_artifacts_bucket_fails_the_job_and_no_recording(
    through: Any, proxy: S3Proxy, bucket: str, objects: list[Any]
) -> None:
    assert through
    proxy.on(DENIED, part="/artifacts/")
    with pytest.raises(ConfigError, match="artifacts bucket") as caught:
        run_normalize(objects, proxy.url)
    assert caught.value.code == "artifacts_refused"


def test_an_expired_token_is_transient_for_every_recording(
    through: Any, proxy: S3Proxy, bucket: str, objects: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert through
    monkeypatch.setenv("MEDIAINDEX_S3_ENDPOINT_URL", proxy.url)
    proxy.on(EXPIRED)
    done = run_normalize(objects, proxy.url)
    errors = [(item.error.failure_class, item.error.code) for item in done.items if item.error]
    assert errors == [("transient", "s3_token_expired")] * 2


@pytest.mark.parametrize(
    ("wrong", "kind", "code"),
    [(UNKNOWN, ConfigError, "s3_credentials"), (EXPIRED, TransientError, "s3_token_expired")],
    ids=["wrong-key", "expired-token"],
)
def test_messages_stay_in_the_queue_if_no_object_can_be_read(
    conn: Any, through: Any, proxy: S3Proxy, source: Source, objects: list[Any], wrong: Any, kind: Any, code: str
) -> None:
    proxy.on(wrong)
    announced = [Message(message(source.bucket, listed.key), "") for listed in objects]
    with pytest.raises(kind) as caught:
        events.take(conn, through, Configuration(sources=(source,)), announced)
    assert caught.value.code == code


def test_a_refused_object_does_not_delay_other_announcements(
    conn: Any, through: Any, proxy: S3Proxy, source: Source, objects: list[Any]
) -> None:
    proxy.on(DENIED, part="a.wav")
    announced = [Message(message(source.bucket, listed.key), "") for listed in objects]
    assert events.take(conn, through, Configuration(sources=(source,)), announced).claimed == 1


def test_a_refused_listing_names_the_bucket_and_is_not_repeated(
    conn: Any, through: Any, proxy: S3Proxy, source: Source
) -> None:
    proxy.on(DENIED)
    with pytest.raises(ConfigError, match=f"s3://{source.bucket}/: S3 refuses access"):
        discovery.take_listing(Arrivals(conn, through, source, SeenBy.LISTING), "")
    assert len(proxy.asked) == 1


def test_transcripts_are_loaded_after_their_artifacts_become_readable(
    conn: Any,
    client: Any,
    through: Any,
    proxy: S3Proxy,
    bucket: str,
    connections: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    batch_id = passed_batch(conn, S3ArtifactStore(client, bucket), bucket, ["a", "b"])
    assert through
    connections(s3=proxy.url)
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", bucket)
    monkeypatch.setenv("MEDIAINDEX_S3_ENDPOINT_URL", proxy.url)
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(variable, os.environ.get(variable, "us-east-1"))  # the task overwrites it
    proxy.on(DENIED)
    with pytest.raises(ConfigError, match="artifacts bucket"):
        indexing.load_transcripts(batch_id)
    assert {(row.state, row.reason_code) for row in ledger.find(conn, bucket=bucket)} == {("claimed", None)}
    proxy.begin()
    assert indexing.load_transcripts(batch_id) == 2
