"""Parse the bytes of a feed in a child process, whose failures are errors of this feed alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

from pydantic import TypeAdapter, ValidationError

from mediaindex.errors import ErrorCode

from .errors import RefusedError, UnexpectedAnswerError
from .fetch import FeedBody
from .parse import ENTITIES, NOT_A_FEED
from .places import shown
from .show import Show

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 60
_KEPT = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "VIRTUAL_ENV")  # no credentials


def read_feed(body: FeedBody, *, memory_bytes: int = MEMORY_BYTES, cpu_seconds: int = CPU_SECONDS) -> Show:
    """The show. Raises RefusedError ``entities``, UnexpectedAnswerError ``not_a_feed`` or ``feed_too_hard``."""
    what = shown(body.url)
    limits = {"memory_bytes": memory_bytes, "cpu_seconds": cpu_seconds}
    about = json.dumps({"url": body.url, "content_type": body.content_type, **limits}).encode()
    command = [sys.executable, "-m", "mediaindex.feeds.parse"]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        done = subprocess.run(
            command, input=about + b"\n" + body.data, env=environment, capture_output=True, check=False,
            timeout=3.0 * cpu_seconds + 30,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise UnexpectedAnswerError(f"{what}: parsing takes too long", code=ErrorCode.FEED_TOO_HARD) from error
    if done.returncode == ENTITIES:
        raise RefusedError(
            f"{what}: declares XML entities, which are refused as unsafe; ask the publisher to remove them",
            code=ErrorCode.ENTITIES,
        )
    if done.returncode == NOT_A_FEED:
        raise UnexpectedAnswerError(
            f"{what}: neither RSS nor Atom; open the address in a browser and correct it", code=ErrorCode.NOT_A_FEED
        )
    try:
        if done.returncode == 0:
            return _shows().validate_json(done.stdout)
    except ValidationError as error:
        raise UnexpectedAnswerError(
            f"{what}: the parser returned invalid values: {error}", code=ErrorCode.FEED_TOO_HARD
        ) from error
    last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:300]
    raise UnexpectedAnswerError(
        f"{what}: parsing failed with exit code {done.returncode}: {last}", code=ErrorCode.FEED_TOO_HARD
    )


@cache
def _shows() -> TypeAdapter[Show]:
    return TypeAdapter(Show)
