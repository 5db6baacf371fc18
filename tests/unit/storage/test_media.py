"""Listings and downloads, with recorded answers of S3 for what no local server does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from mediaindex.storage.media import download, list_objects
from mediaindex.storage.objects import ObjectVersion
from tests.builders.stubbed_s3 import CLIENT, answering

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with answering() as stub:
        yield stub


def test_only_an_empty_object_that_is_named_like_a_folder_is_left_out(stub: Stubber) -> None:
    sizes = {"in/": 0, "in/a/": 5, "in/empty.wav": 0}
    entries: list[Any] = [
        {"Key": key, "Size": size, "ETag": '"e"', "LastModified": WHEN} for key, size in sizes.items()
    ]
    stub.add_response("list_objects_v2", {"IsTruncated": False, "Contents": entries})
    assert [listed.key for listed in list_objects(CLIENT, "media")] == ["in/a/", "in/empty.wav"]


@pytest.mark.parametrize("version", ["v1", None])
def test_exactly_the_listed_version_is_downloaded(stub: Stubber, tmp_path: Path, version: str | None) -> None:
    source = ObjectVersion("media", "a.wav", "e", version, 5, WHEN)
    wanted = {"Bucket": "media", "Key": "a.wav"} | ({"VersionId": version} if version else {})
    stub.add_response("get_object", {"Body": StreamingBody(BytesIO(b"sound"), 5), "ETag": '"e"'}, wanted)
    download(CLIENT, source, tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"sound"
