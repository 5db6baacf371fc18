"""A client with recorded answers of S3, for features that the local server lacks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.stub import Stubber

CLIENT: Any = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")


@contextmanager
def answering() -> Iterator[Stubber]:
    """Answers of ``CLIENT`` in order, all of which are asked for."""
    with Stubber(CLIENT) as stub:
        yield stub
        stub.assert_no_pending_responses()
