"""A temporary bucket on the real S3 server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from mediaindex.storage.client import s3_client
from tests.builders.buckets import throwaway_bucket


@pytest.fixture(scope="session")
def client() -> Any:
    if not os.environ.get("MEDIAINDEX_S3_ENDPOINT_URL"):
        pytest.skip("MEDIAINDEX_S3_ENDPOINT_URL is not set; `make up` starts an S3 server")
    return s3_client()


@pytest.fixture
def bucket(client: Any) -> Iterator[str]:
    yield from throwaway_bucket(client)
