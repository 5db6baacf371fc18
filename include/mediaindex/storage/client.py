"""The S3 client: timeouts, retries and addressing in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from mediaindex.settings import ServerSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS = 5
READ_SECONDS = 30  # without receiving a byte
ATTEMPTS = 6  # after the first; random waits that double up to 20 s: 25 s in total on average
CONNECTIONS = 16
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION")
_ARGUMENTS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region_name")


def s3_client(endpoint_url: str | None = None, variables: Mapping[str, str] | None = None) -> S3Client:
    """A client for ``endpoint_url``, else MEDIAINDEX_S3_ENDPOINT_URL, else AWS; thread-safe.

    Credentials and region come from the environment, a profile or a role, as boto3 finds them. ``variables`` replace
    the environment in a process that serves several connections, such as Airflow's triggerer.
    """
    explicit = tuple((variables or {}).get(name) for name in _CREDENTIALS)
    return _client(endpoint_url or ServerSettings.read(variables).s3_endpoint_url, os.getpid(), explicit)


@lru_cache(maxsize=8)
def _client(endpoint_url: str | None, _process: int, explicit: tuple[str | None, ...]) -> S3Client:
    # One client per process: its creation reads megabytes of service descriptions, and sockets do not survive a fork.
    import boto3
    from botocore.config import Config

    from .pace import give_up_on_silence, keep_pace

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "adaptive", "max_attempts": ATTEMPTS},
        max_pool_connections=CONNECTIONS,
        # Servers other than AWS often have no wildcard DNS, and not all support the newer checksum headers.
        s3={"addressing_style": "path" if endpoint_url else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra="mediaindex",
    )
    session = boto3.session.Session(**dict(zip(_ARGUMENTS, explicit, strict=True)))  # type: ignore[arg-type]
    region = session.region_name or ("us-east-1" if endpoint_url else None)  # servers other than AWS accept any region
    client = session.client("s3", endpoint_url=endpoint_url, region_name=region, config=config)
    client.meta.events.register("after-call.s3.GetObject", keep_pace)
    client.meta.events.register("after-call-error.s3", give_up_on_silence)
    return client
