"""Resuming an upload, with recorded answers of S3: servers differ in how they say that they have forgotten one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from mediaindex.errors import ConfigError
from mediaindex.storage.upload import Upload
from tests.builders.stubbed_s3 import CLIENT, answering

PLACE = {"Bucket": "media", "Key": "a", "UploadId": "u"}


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with answering() as stub:
        yield stub


def resumed() -> Upload:
    return Upload(CLIENT, "media", "a", part_bytes=10, resume_id="u")


@pytest.mark.parametrize("code", ["NoSuchUpload", "NoSuchKey", "404", "NotFound", ""])
def test_a_forgotten_upload_starts_again(stub: Stubber, code: str) -> None:
    if code:
        stub.add_client_error("list_parts", code, expected_params=PLACE)
    else:
        stub.add_response("list_parts", {"Parts": []}, PLACE)
    upload = resumed()
    assert (upload.received, upload.resume_id) == (0, None)


def test_a_refusal_is_not_taken_for_a_forgotten_upload(stub: Stubber) -> None:
    stub.add_client_error("list_parts", "AccessDenied")
    with pytest.raises(ConfigError):
        resumed()


@pytest.mark.parametrize(
    ("numbers", "received"), [((1, 2), 20), ((1, 3), 10), ((2, 3), 0)], ids=["all", "a-gap", "no-first"]
)
def test_parts_are_kept_up_to_the_first_gap(stub: Stubber, numbers: tuple[int, ...], received: int) -> None:
    parts = [{"PartNumber": number, "ETag": f"{number}", "Size": 10} for number in numbers]
    stub.add_response("list_parts", {"Parts": parts}, PLACE)
    assert resumed().received == received
