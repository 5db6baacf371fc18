"""The S3 client: timeouts, retries and addressing in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import SecretStr

from mediaindex.settings import ServerSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS = 5
READ_SECONDS = 30  # without receiving a byte
ATTEMPTS = 6  # after the first; random waits that double up to 20 s: 25 s in total on average
AT_ONCE_SECONDS = 10  # without receiving a byte, of requests that are not repeated
CONNECTIONS = 16


def s3_client(
    endpoint_url: str | None = None, variables: Mapping[str, str] | None = None, *, retries: bool = True
) -> S3Client:
    """A client for ``endpoint_url``, else MEDIAINDEX_S3_ENDPOINT_URL, else AWS; thread-safe.

    Credentials and region come from the environment, a profile or a role, as boto3 finds them; MEDIAINDEX_S3_SESSION
    may name a profile or a role. ``variables`` replace the environment in a process that serves several connections,
    such as Airflow's triggerer. Without ``retries`` a request is sent once.
    """
    settings = ServerSettings.read(variables)
    explicit = tuple(sorted((name, text) for name, text in (variables or {}).items() if name.startswith("AWS_")))
    return _client(endpoint_url or settings.s3_endpoint_url, os.getpid(), explicit, settings.s3_session, retries)


def forget() -> None:
    """Make new clients from now on."""
    _client.cache_clear()


@lru_cache(maxsize=8)
def _client(
    endpoint_url: str | None,
    _process: int,
    explicit: tuple[tuple[str, str], ...],
    options: SecretStr | None,
    retries: bool = True,
) -> S3Client:
    # One client per process: its creation reads megabytes of service descriptions, and sockets do not survive a fork.
    from botocore.config import Config

    from .pace import give_up_on_silence, keep_pace
    from .session import SessionOptions, open_session

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS if retries else AT_ONCE_SECONDS,
        retries={"mode": "adaptive", "max_attempts": ATTEMPTS} if retries else {"mode": "standard", "max_attempts": 0},
        max_pool_connections=CONNECTIONS,
        # Servers other than AWS often have no wildcard DNS, and not all support the newer checksum headers.
        s3={"addressing_style": "path" if endpoint_url else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra="mediaindex",
    )
    chosen = SessionOptions.read(options)
    session = open_session(dict(explicit), chosen)
    region = session.region_name or ("us-east-1" if endpoint_url else None)  # servers other than AWS accept any region
    client = session.client("s3", endpoint_url=endpoint_url, region_name=region, config=config, **chosen.trust)
    client.meta.events.register("after-call.s3.GetObject", keep_pace)
    client.meta.events.register("after-call-error.s3", give_up_on_silence)
    return client
