"""Whether a refusal concerns one object is decided by another object nearby."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from mediaindex.errors import ConfigError, ErrorCode, TransientError
from mediaindex.storage.objects import ObjectVersion
from mediaindex.storage.refusals import BESIDE, judged
from tests.builders.stubbed_s3 import CLIENT, answering

REFUSED = ConfigError("refused", code=ErrorCode.S3_REFUSED)


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with answering() as stub:
        yield stub


def refused(key: str) -> ObjectVersion:
    return ObjectVersion("media", key, "e", None, 1, datetime(2026, 1, 1, tzinfo=UTC))


def lists(stub: Stubber, prefix: str, *objects: tuple[str, int]) -> None:
    answer = {"Contents": [{"Key": key, "Size": size} for key, size in objects]}
    stub.add_response("list_objects_v2", answer, {"Bucket": "media", "Prefix": prefix, "MaxKeys": BESIDE})


def reads(stub: Stubber, key: str) -> None:
    body = StreamingBody(BytesIO(b"x"), 1)
    stub.add_response("get_object", {"Body": body}, {"Bucket": "media", "Key": key, "Range": "bytes=0-0"})


def test_the_neighbour_is_another_object_of_the_folder_that_is_not_empty(stub: Stubber) -> None:
    lists(stub, "in/", ("in/", 0), ("in/a", 5), ("in/b", 5))
    reads(stub, "in/b")
    assert judged(CLIENT, refused("in/a"), REFUSED) is REFUSED


def test_alone_in_its_folder_it_is_compared_with_the_bucket(stub: Stubber) -> None:
    lists(stub, "in/", ("in/a", 5))
    lists(stub, "", ("other", 5))
    reads(stub, "other")
    assert judged(CLIENT, refused("in/a"), REFUSED) is REFUSED


def test_if_the_neighbour_is_refused_too_the_policy_is_wrong(stub: Stubber) -> None:
    lists(stub, "", ("a", 5), ("b", 5))
    stub.add_client_error("get_object", "AccessDenied")
    assert judged(CLIENT, refused("a"), REFUSED).code == "s3_access"


def test_the_only_object_of_a_bucket_is_not_given_up(stub: Stubber) -> None:
    lists(stub, "", ("a", 5))
    assert judged(CLIENT, refused("a"), REFUSED).code == "s3_access"


def test_while_s3_is_busy_nothing_is_decided(stub: Stubber) -> None:
    stub.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)
    judgement = judged(CLIENT, refused("a"), REFUSED)
    assert (type(judgement), judgement.code) == (TransientError, "s3_busy")
