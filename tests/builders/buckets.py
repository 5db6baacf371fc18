"""A throw-away bucket on the real S3 server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any


def throwaway_bucket(client: Any) -> Iterator[str]:
    """Yields the name of a new, empty bucket; removes it when asked for more."""
    name = f"mediaindex-test-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    yield name
    # Longest first, one by one: on a server that keeps folders, a folder goes only after what lies in it.
    listed = client.get_paginator("list_objects_v2").paginate(Bucket=name)
    for key in sorted((entry["Key"] for page in listed for entry in page.get("Contents", [])), key=len, reverse=True):
        client.delete_object(Bucket=name, Key=key)
    client.delete_bucket(Bucket=name)
