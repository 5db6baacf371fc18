"""Delete from a versioned bucket, with recorded answers of S3, because the test server has no versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from mediaindex.errors import ConfigError
from mediaindex.storage.deletions import delete_object

CLIENT = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
NAME = {"Bucket": "media"}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(CLIENT) as stubber:
        stubber.add_response("get_bucket_versioning", {"Status": "Enabled"}, NAME)
        yield stubber
        stubber.assert_no_pending_responses()


def lists(stub: Stubber, *versions: tuple[str, str, int], markers: tuple[str, ...] = ()) -> None:
    """Versions by key, ETag and day; a marker's id follows from its key."""
    answer: dict[str, Any] = {
        "IsTruncated": False,
        "Versions": [
            {
                "Key": key,
                "ETag": f'"{etag}"',
                "VersionId": f"v{day}",
                "LastModified": datetime(2026, 1, day, tzinfo=UTC),
            }
            for key, etag, day in versions
        ],
        "DeleteMarkers": [{"Key": key, "VersionId": f"m-{key}"} for key in markers],
    }
    stub.add_response("list_object_versions", answer, NAME | {"Prefix": "a"})


def deletes(stub: Stubber, *names: tuple[str, str], error: str = "") -> None:
    objects = [{"Key": key, "VersionId": version} for key, version in names]
    answer = {"Errors": [{"Key": "a", "Code": error, "Message": "no"}]} if error else {}
    stub.add_response("delete_objects", answer, NAME | {"Delete": {"Objects": objects, "Quiet": True}})


def test_a_version_is_deleted_with_all_earlier_ones(stub: Stubber) -> None:
    lists(stub, ("a", "old", 1), ("a", "mine", 2), ("a", "new", 3), ("a longer key", "mine", 2), markers=("a",))
    deletes(stub, ("a", "v1"), ("a", "v2"))
    assert delete_object(CLIENT, "media", "a", "mine") == 2


def test_delete_markers_are_deleted_with_the_last_version(stub: Stubber) -> None:
    lists(stub, ("a", "old", 1), ("a", "mine", 2), markers=("a",))
    deletes(stub, ("a", "v1"), ("a", "v2"), ("a", "m-a"))
    assert delete_object(CLIENT, "media", "a", "mine") == 2


def test_without_an_etag_all_versions_are_deleted(stub: Stubber) -> None:
    lists(stub, ("a", "old", 1), ("a", "new", 2))
    deletes(stub, ("a", "v1"), ("a", "v2"))
    assert delete_object(CLIENT, "media", "a") == 2


def test_a_later_version_is_kept(stub: Stubber) -> None:
    lists(stub, ("a", "new", 3))
    assert delete_object(CLIENT, "media", "a", "mine") == 0


def test_a_refused_deletion_names_the_permission(stub: Stubber) -> None:
    lists(stub, ("a", "mine", 1))
    deletes(stub, ("a", "v1"), error="AccessDenied")
    with pytest.raises(ConfigError, match="s3:DeleteObjectVersion"):
        delete_object(CLIENT, "media", "a", "mine")
