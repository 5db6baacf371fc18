"""A missing artifact as AWS says it: a HEAD request is answered by 404 alone, which may also mean a missing bucket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.stub import Stubber

from mediaindex.errors import ConfigError
from mediaindex.storage.s3_store import S3ArtifactStore
from tests.builders.stubbed_s3 import CLIENT, answering

NAME = ("ab" * 32, "normalize", "0f" * 16, "audio.flac")


@pytest.fixture
def stub() -> Iterator[Stubber]:
    with answering() as stub:
        yield stub


def answers_404(stub: Stubber, reason: str) -> None:
    """To the HEAD of the transfer and to a second one; then the reason to a GET."""
    for _ in range(2):
        stub.add_client_error("head_object", "404", http_status_code=404)
    stub.add_client_error("get_object", reason, http_status_code=404)


@pytest.mark.parametrize("reason", ["NoSuchKey", "NoSuchVersion"])
def test_a_file_that_does_not_exist_is_missing(stub: Stubber, reason: str, tmp_path: Path) -> None:
    answers_404(stub, reason)
    assert not S3ArtifactStore(CLIENT, "artifacts").get_file(*NAME, tmp_path / "audio.flac")


def test_a_bucket_that_does_not_exist_is_an_error(stub: Stubber, tmp_path: Path) -> None:
    answers_404(stub, "NoSuchBucket")
    with pytest.raises(ConfigError, match="bucket does not exist"):
        S3ArtifactStore(CLIENT, "artifacts").get_file(*NAME, tmp_path / "audio.flac")
