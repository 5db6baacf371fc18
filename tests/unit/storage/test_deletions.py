"""Deleting where versions are kept: S3's own answers, since the server of the tests keeps none."""

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


def test_a_version_goes_with_those_before_it(stub: Stubber) -> None:
    lists(stub, ("a", "old", 1), ("a", "mine", 2), ("a", "new", 3), ("a longer key", "mine", 2), markers=("a",))
    deletes(stub, ("a", "v1"), ("a", "v2"))
    assert delete_object(CLIENT, "media", "a", "mine") == 2


def test_the_last_versions_take_the_delete_markers_along(stub: Stubber) -> None:
    lists(stub, ("a", "old", 1), ("a", "mine", 2), markers=("a",))
    deletes(stub, ("a", "v1"), ("a", "v2"), ("a", "m-a"))
    assert delete_object(CLIENT, "media", "a", "mine") == 2


def test_without_an_etag_everything_goes(stub: Stubber) -> None:
    lists(stub, ("a", "old", 1), ("a", "new", 2))
    deletes(stub, ("a", "v1"), ("a", "v2"))
    assert delete_object(CLIENT, "media", "a") == 2


def test_another_version_alone_is_left(stub: Stubber) -> None:
    lists(stub, ("a", "new", 3))
    assert delete_object(CLIENT, "media", "a", "mine") == 0


def test_what_may_not_be_deleted_is_said(stub: Stubber) -> None:
    lists(stub, ("a", "mine", 1))
    deletes(stub, ("a", "v1"), error="AccessDenied")
    with pytest.raises(ConfigError, match="s3:DeleteObjectVersion"):
        delete_object(CLIENT, "media", "a", "mine")
