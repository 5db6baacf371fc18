"""What S3 says about one object alone, and what concerns all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, TransientError
from mediaindex.storage import looks
from mediaindex.storage.objects import ObjectVersion
from tests.builders.stubbed_s3 import CLIENT, answering

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE = ObjectVersion("media", "a", "e", None, 7, WHEN)
PLACE = {"Bucket": "media", "Key": "a"}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with answering() as stub:
        yield stub


def refuses(stub: Stubber) -> None:
    """The object: a HEAD says no more than the status."""
    stub.add_client_error("head_object", "403", http_status_code=403)
    stub.add_client_error("get_object", "AccessDenied", http_status_code=403)


def lists(stub: Stubber, *keys: str) -> None:
    entries: list[Any] = [{"Key": key, "ETag": '"e"', "Size": 7, "LastModified": WHEN} for key in keys]
    stub.add_response("list_objects_v2", {"Contents": entries})


def test_a_refused_object_is_as_its_listing_shows_it(stub: Stubber) -> None:
    refuses(stub)
    lists(stub, "a")
    seen = looks.inspect(CLIENT, "media", "a")
    assert seen.version == ObjectVersion("media", "a", "e", None, 7, WHEN)
    assert seen.refusal
    assert seen.refusal.code == "s3_refused"


def test_a_refused_object_that_no_listing_shows_does_not_exist(stub: Stubber) -> None:
    refuses(stub)
    lists(stub, "a longer key")
    assert looks.inspect(CLIENT, "media", "a") == looks.Inspection(None)


def test_a_refused_object_is_unknown_if_listings_are_refused_as_well(stub: Stubber) -> None:
    refuses(stub)
    stub.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)
    seen = looks.inspect(CLIENT, "media", "a")
    assert (seen.version, seen.refusal is None) == (None, False)


@pytest.mark.parametrize(("answer", "code"), [("NoSuchBucket", "no_bucket"), ("InvalidAccessKeyId", "s3_credentials")])
def test_an_error_of_the_listing_that_concerns_everything_is_raised(stub: Stubber, answer: str, code: str) -> None:
    refuses(stub)
    stub.add_client_error("list_objects_v2", answer)
    with pytest.raises(ConfigError) as caught:
        looks.inspect(CLIENT, "media", "a")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("NoSuchBucket", "no_bucket"),
        ("ExpiredToken", "s3_token_expired"),
        ("InvalidAccessKeyId", "s3_credentials"),
    ],
)
def test_an_error_of_a_look_that_concerns_everything_is_raised_without_a_listing(
    stub: Stubber, answer: str, code: str
) -> None:
    stub.add_client_error("head_object", "400", http_status_code=400)
    stub.add_client_error("get_object", answer)
    with pytest.raises(MediaindexError) as caught:
        looks.inspect(CLIENT, "media", "a")
    assert caught.value.code == code


def test_an_empty_object_whose_head_fails_is_not_missing(stub: Stubber) -> None:
    stub.add_client_error("head_object", "403", http_status_code=403)
    stub.add_client_error("get_object", "InvalidRange", http_status_code=416)
    lists(stub, "a")
    assert looks.inspect(CLIENT, "media", "a").version


@pytest.mark.parametrize("version", ["null", None, "v1"])
def test_an_object_from_before_versioning_has_no_version(stub: Stubber, version: str | None) -> None:
    answer: dict[str, Any] = {"ETag": '"e"', "ContentLength": 7, "LastModified": WHEN}
    stub.add_response("head_object", answer | ({"VersionId": version} if version else {}), PLACE)
    seen = looks.look(CLIENT, "media", "a")
    assert seen
    assert seen.version_id == (version if version == "v1" else None)


@pytest.mark.parametrize(
    ("facts", "archived"),
    [
        ({}, "no"),
        ({"StorageClass": "GLACIER_IR"}, "no"),
        ({"StorageClass": "GLACIER"}, "yes"),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": 'ongoing-request="true"'}, "restoring"),
        ({"StorageClass": "DEEP_ARCHIVE", "Restore": 'ongoing-request="false", expiry-date="x"'}, "no"),
        ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}, "yes"),
    ],
)
def test_the_archive_state_is_that_of_the_object_itself(stub: Stubber, facts: dict[str, Any], archived: str) -> None:
    stub.add_response("head_object", {"ETag": '"e"', "ContentLength": 7, "LastModified": WHEN, **facts}, PLACE)
    seen = looks.look(CLIENT, "media", "a")
    assert seen
    assert seen.archived == archived


@pytest.mark.parametrize(
    ("storage_class", "archived"),
    [
        (None, "no"),
        ("STANDARD", "no"),
        ("GLACIER", "maybe"),
        ("DEEP_ARCHIVE", "maybe"),
        ("INTELLIGENT_TIERING", "maybe"),
    ],
)
def test_a_listing_does_not_know_whether_an_archived_object_was_restored(
    storage_class: str | None, archived: str
) -> None:
    assert looks.listed_class(storage_class) == archived


def error(code: ErrorCode) -> MediaindexError:
    kind = ConfigError if code in (ErrorCode.S3_REFUSED, ErrorCode.NO_BUCKET) else TransientError
    return kind("no", code=code)


@pytest.mark.parametrize(
    ("code", "answers", "everything"),
    [
        (ErrorCode.S3_REFUSED, None, False),
        (ErrorCode.NO_BUCKET, None, True),
        (ErrorCode.S3_TOKEN_EXPIRED, None, True),
        (ErrorCode.S3_BUSY, True, False),
        (ErrorCode.S3_SLOW, False, True),
    ],
)
def test_an_error_of_the_server_concerns_everything_if_it_does_not_list_either(
    stub: Stubber, code: ErrorCode, answers: bool | None, everything: bool
) -> None:
    if answers:
        lists(stub, "a")
    elif answers is False:
        stub.add_client_error("list_objects_v2", "InternalError", http_status_code=500)
    assert looks.concerns_everything(CLIENT, "media", "a", error(code)) == everything


WANTED = {**PLACE, "RestoreRequest": {"Days": 7, "GlacierJobParameters": {"Tier": "Bulk"}}}


def test_a_restore_that_is_under_way_is_not_an_error(stub: Stubber) -> None:
    stub.add_client_error("restore_object", "RestoreAlreadyInProgress", expected_params=WANTED)
    looks.restore(CLIENT, SOURCE, days=7, tier="Bulk")


@pytest.mark.parametrize("code", ["InvalidArgument", "MalformedXML"])
def test_a_restore_for_good_is_requested_without_days(stub: Stubber, code: str) -> None:
    stub.add_client_error("restore_object", code, "Days is not allowed", expected_params=WANTED)
    request = {"GlacierJobParameters": {"Tier": "Bulk"}}
    stub.add_response("restore_object", {}, {**PLACE, "RestoreRequest": request})
    looks.restore(CLIENT, SOURCE, days=7, tier="Bulk")


@pytest.mark.parametrize(("code", "text"), [("InvalidArgument", "Tier is wrong"), ("AccessDenied", "no Days")])
def test_another_refusal_of_a_restore_is_an_error(stub: Stubber, code: str, text: str) -> None:
    stub.add_client_error("restore_object", code, text)
    with pytest.raises(MediaindexError, match=f"s3://media/a: .*{code}"):
        looks.restore(CLIENT, SOURCE, days=7, tier="Bulk")
