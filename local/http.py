"""HTTP requests to servers on this machine."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any

PATIENT_S = 60.0  # for requests that do something: the first of a kind after a start can take seconds


def request(
    url: str, *, method: str = "GET", body: Any = None, token: str | None = None, timeout_s: float = 2.0
) -> tuple[int, Any]:
    """The status and the decoded JSON, None if the answer is not JSON. Status 0 without an answer in time.

    The default suits a probe of a server's health.
    """
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - our own addresses
    try:
        with _DIRECT.open(call, timeout=timeout_s) as answer:
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
