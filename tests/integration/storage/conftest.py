"""A throw-away bucket on the real S3 server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from mediaindex.storage.client import s3_client


@pytest.fixture(scope="session")
def client() -> Any:
    if not os.environ.get("MEDIAINDEX_S3_ENDPOINT_URL"):
        pytest.skip("MEDIAINDEX_S3_ENDPOINT_URL is not set; `make up` starts an S3 server")
    return s3_client()


@pytest.fixture
def bucket(client: Any) -> Iterator[str]:
    name = f"mediaindex-test-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    yield name
    # Longest first, one by one: on a server that keeps folders, a folder goes only after what lies in it.
    listed = client.get_paginator("list_objects_v2").paginate(Bucket=name)
    for key in sorted((entry["Key"] for page in listed for entry in page.get("Contents", [])), key=len, reverse=True):
        client.delete_object(Bucket=name, Key=key)
    client.delete_bucket(Bucket=name)
