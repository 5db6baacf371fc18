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
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        if keys := [{"Key": entry["Key"]} for entry in page.get("Contents", [])]:
            client.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})
    client.delete_bucket(Bucket=name)
