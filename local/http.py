"""HTTP requests to servers on this machine, for health probes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any


def request(url: str, *, method: str = "GET", body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """The status and the decoded JSON, None if the answer is not JSON. Status 0 without an answer within 2 seconds."""
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
        # HTTPException: a connection to a free port in the system's ephemeral range may connect to itself, and then
        # reads its own request.
        return 0, None


# Requests to the loopback address must not use the user's proxy.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _decode(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
