"""Archived objects are restored before they are claimed. Botocore's stub replaces S3: no local server has archives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from mediaindex.config.sources import Source
from mediaindex.contract.states import SeenBy
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers
OLD = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def archive() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def head(stub: Stubber, **facts: Any) -> None:
    stub.add_response("head_object", {"ETag": '"e"', "ContentLength": 100, "LastModified": OLD, **facts})


def listed(bucket: str) -> ObjectVersion:
    return ObjectVersion(bucket, "a.wav", "e", None, 100, OLD, "maybe")


@pytest.mark.parametrize(
    "facts", [{"StorageClass": "GLACIER"}, {"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}]
)
def test_an_archived_object_is_restored_and_then_claimed(
    conn: Any,
    archive: Any,
    source: Callable[..., Source],
    bucket: str,
    states: Callable[[], Any],
    facts: dict[str, str],
) -> None:
    client, stub = archive
    head(stub, **facts)
    wanted = {"Days": 7, "GlacierJobParameters": {"Tier": "Bulk"}}
    stub.add_response("restore_object", {}, {"Bucket": bucket, "Key": "a.wav", "RestoreRequest": wanted})
    assert Arrivals(conn, client, source(), SeenBy.LISTING).take([listed(bucket)]) == 0
    assert states() == {"a.wav": ("seen", "restoring")}
    for restore, claimed in (
        ('ongoing-request="true"', 0),
        ('ongoing-request="false", expiry-date="Fri, 1 Jan 2027 00:00:00 GMT"', 1),
    ):
        with conn, conn.cursor() as cursor:
            cursor.execute("update media_object set not_before = null where bucket = %s", (bucket,))
        head(stub, Restore=restore, StorageClass="GLACIER")
        assert Arrivals(conn, client, source(), SeenBy.LISTING).look_again() == claimed
    assert states() == {"a.wav": "claimed"}


def test_an_object_that_is_not_archived_is_claimed(
    conn: Any, archive: Any, source: Callable[..., Source], bucket: str
) -> None:
    client, stub = archive
    head(stub, StorageClass="INTELLIGENT_TIERING")
    assert Arrivals(conn, client, source(), SeenBy.LISTING).take([listed(bucket)]) == 1


def test_an_object_that_was_replaced_or_removed_meanwhile_is_left_to_the_next_look(
    conn: Any, archive: Any, source: Callable[..., Source], bucket: str
) -> None:
    """S3 then has the archive state of another version, or none."""
    client, stub = archive
    head(stub, ETag='"other"', StorageClass="GLACIER")
    assert Arrivals(conn, client, source(), SeenBy.LISTING).take([listed(bucket)]) == 1
    stub.add_client_error("head_object", "404", http_status_code=404)
    stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    another = replace(listed(bucket), key="b.wav")
    assert Arrivals(conn, client, source(), SeenBy.LISTING).take([another]) == 1


@pytest.mark.parametrize("rule", [{"restore": False}, {}], ids=["not-allowed", "refused"])
def test_an_object_that_may_not_be_restored_waits_with_a_reason(
    conn: Any,
    archive: Any,
    source: Callable[..., Source],
    bucket: str,
    states: Callable[[], Any],
    rule: dict[str, bool],
) -> None:
    client, stub = archive
    head(stub, StorageClass="DEEP_ARCHIVE")
    if not rule:
        stub.add_client_error("restore_object", "AccessDenied")
    Arrivals(conn, client, source(archive=rule), SeenBy.LISTING).take([listed(bucket)])
    assert states() == {"a.wav": ("seen", "archived")}


def test_the_restores_of_a_run_are_limited(
    conn: Any, archive: Any, source: Callable[..., Source], bucket: str, states: Callable[[], Any]
) -> None:
    client, stub = archive
    arrivals = Arrivals(conn, client, source(archive={"requests_a_run": 1}), SeenBy.LISTING)
    arrivals.restores = 1
    head(stub, StorageClass="GLACIER")
    arrivals.take([listed(bucket)])
    assert states() == {"a.wav": ("seen", "archived")}
