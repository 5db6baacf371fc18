"""Small requests to servers on this machine, for health probes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any


def request(url: str, *, method: str = "GET", body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """Status and decoded JSON (None if there is none); status 0 when nobody answers within two seconds."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - our own addresses
    try:
        with _DIRECT.open(call, timeout=2) as answer:
            return answer.status, _decode(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _decode(error.read())
    except (OSError, HTTPException):
        # The latter where the port is free and in the system's own range: a connection may then meet itself, and reads
        # its own question.
        return 0, None


# A proxy of the user's must not stand between us and our own loopback servers.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _decode(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
