"""Delete from a versioned bucket, with recorded answers of S3, because the test server has no versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from mediaindex.errors import ConfigError, TransientError
from mediaindex.storage.deletions import PAGE, delete_artifacts, delete_object

CLIENT = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
NAME = {"Bucket": "media"}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with Stubber(CLIENT) as stubber:
        stubber.add_response("get_bucket_versioning", {"Status": "Enabled"}, NAME)
        yield stubber
        stubber.assert_no_pending_responses()


def versions(*names: tuple[str, str, int], markers: tuple[str, ...] = ()) -> dict[str, Any]:
    """A listing by key, ETag and day; a marker's id follows from its key."""
    return {
        "IsTruncated": False,
        "Versions": [
            {
                "Key": key,
                "ETag": f'"{etag}"',
                "VersionId": f"v{day}",
                "LastModified": datetime(2026, 1, day, tzinfo=UTC),
            }
            for key, etag, day in names
        ],
        "DeleteMarkers": [
            {"Key": key, "VersionId": f"m-{key}", "LastModified": datetime(2026, 1, 9, tzinfo=UTC)} for key in markers
        ],
    }


def lists(stub: Stubber, *names: tuple[str, str, int], markers: tuple[str, ...] = ()) -> None:
    stub.add_response("list_object_versions", versions(*names, markers=markers), NAME | {"Prefix": "a"})


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


def test_objects_written_after_the_limit_are_kept(stub: Stubber) -> None:
    lists(stub, ("a", "old", 1), ("a", "mine", 2), ("a", "new", 3), markers=("a",))
    deletes(stub, ("a", "v1"))
    assert delete_object(CLIENT, "media", "a", before=datetime(2026, 1, 2, tzinfo=UTC)) == 1


@pytest.mark.parametrize(("code", "kind"), [("InternalError", TransientError), ("AccessDenied", ConfigError)])
def test_an_object_that_could_not_be_deleted_is_an_error(stub: Stubber, code: str, kind: type[Exception]) -> None:
    lists(stub, ("a", "mine", 1))
    deletes(stub, ("a", "v1"), error=code)
    with pytest.raises(kind, match=f"s3://media/a: .*{code}"):
        delete_object(CLIENT, "media", "a", "mine")


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchVersion"])
def test_an_object_that_does_not_exist_any_more_is_not_an_error(stub: Stubber, code: str) -> None:
    lists(stub, ("a", "mine", 1))
    deletes(stub, ("a", "v1"), error=code)
    assert delete_object(CLIENT, "media", "a", "mine") == 1


def test_more_than_a_thousand_versions_are_deleted_in_pages(stub: Stubber) -> None:
    names = [(f"a{number:04}", "e", 1) for number in range(PAGE + 1)]
    stub.add_response("list_object_versions", versions(*names), NAME | {"Prefix": "artifacts/x/"})
    for page in (names[:PAGE], names[PAGE:]):
        deletes(stub, *((name, "v1") for name, _, _ in page))
    assert delete_artifacts(CLIENT, "media", "x") == PAGE + 1


def test_a_refused_deletion_names_the_permission(stub: Stubber) -> None:
    lists(stub, ("a", "mine", 1))
    deletes(stub, ("a", "v1"), error="AccessDenied")
    with pytest.raises(ConfigError, match="s3:DeleteObjectVersion"):
        delete_object(CLIENT, "media", "a", "mine")
