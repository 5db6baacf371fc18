"""What an answer's status and headers say about trying again."""

from __future__ import annotations

import httpcore
import pytest

from mediaindex.errors import ErrorCode
from mediaindex.feeds.errors import (
    CutError,
    LaterError,
    RefusedError,
    UnexpectedAnswerError,
    WebError,
    of_status,
    web_errors,
)
from mediaindex.feeds.web import Answer


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (500, LaterError, "http_500"),
        (502, LaterError, "http_502"),
        (599, LaterError, ErrorCode.HTTP_5XX),
        (408, LaterError, "http_408"),
        (425, LaterError, "http_425"),
        (429, LaterError, "http_429"),
        (410, RefusedError, "http_410"),
        (451, RefusedError, "http_451"),
        (401, UnexpectedAnswerError, "http_401"),
        (404, UnexpectedAnswerError, "http_404"),
        (499, UnexpectedAnswerError, ErrorCode.HTTP_OTHER),
        (204, UnexpectedAnswerError, ErrorCode.HTTP_OTHER),
    ],
)
def test_each_status_has_its_kind_and_code(status: int, kind: type[WebError], code: str) -> None:
    error = of_status("http://a.example/", status, {})
    assert type(error) is kind
    assert error.code == code
    assert f"answered {status}" in error.message
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("86401", 86_400.0),
        ("9" * 400, 86_400.0),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Fri, 02 Jan 2026 03:04:05 GMT", None),
        ("", None),
    ],
)
def test_a_wait_that_the_server_asks_for_is_at_most_a_day(text: str, seconds: float | None) -> None:
    assert of_status("x", 503, {"retry-after": text}).retry_after_s == seconds
    assert of_status("x", 404, {"retry-after": text}).retry_after_s is None


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (httpcore.ConnectError("refused"), LaterError, "unreachable"),
        (httpcore.ConnectTimeout(), LaterError, "unreachable"),
        (httpcore.ReadError("reset"), CutError, "cut"),
        (httpcore.ReadTimeout(), CutError, "cut"),
        (httpcore.RemoteProtocolError("bad"), CutError, "cut"),
        (httpcore.LocalProtocolError("bad"), RefusedError, "bad_url"),
        (httpcore.UnsupportedProtocol("bad"), RefusedError, "bad_url"),
    ],
)
def test_each_error_of_a_connection_has_its_kind(error: Exception, kind: type[WebError], code: str) -> None:
    with pytest.raises(WebError) as caught, web_errors("http://a.example/"):
        raise error
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert caught.value.message.startswith("http://a.example/: ")


@pytest.mark.parametrize(
    ("text", "length"),
    [("5", 5), ("", None), ("-1", None), ("5, 6", None), ("٣", None), ("9" * 17, 10**17 - 1), ("9" * 18, None)],
)
def test_a_length_that_is_no_number_is_unknown(text: str, length: int | None) -> None:
    assert Answer(200, {"content-length": text}, "", "", None, iter(())).length == length
