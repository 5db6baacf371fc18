"""GET requests to untrusted servers: checked addresses, bounded redirects, bounded time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpcore
import httpx

from mediaindex.errors import ErrorCode

from .connecting import CheckedBackend, Network, Pace, Resolve, WebLimits, resolve
from .errors import UnexpectedAnswerError, of_status, web_errors
from .places import Place, shown

AGENT = "mediaindex podcast collector"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_ACCEPTED = frozenset({200, 206, 304, 416})


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer, header names in lower case, and its body in chunks as they arrive.

    ``shown``: the URL without secrets. ``moved_to``: the final URL if all redirects to it were permanent.
    """

    status: int
    headers: Mapping[str, str]
    url: str
    shown: str
    moved_to: str | None
    chunks: Iterator[bytes]

    @property
    def length(self) -> int | None:
        """Content-Length in bytes; None if missing or invalid."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None


class Web:
    """A client that sends one request at a time; not thread-safe."""

    def __init__(
        self,
        limits: WebLimits | None = None,
        allowed: Sequence[Network] = (),
        *,
        resolver: Resolve = resolve,
    ) -> None:
        self._limits = limits or WebLimits()
        self._backend = CheckedBackend(self._limits, allowed, resolver)
        # SSL_CERT_FILE and SSL_CERT_DIR are honoured: closed networks have their own certificate authorities.
        context = httpx.create_ssl_context()
        # No connection is reused: servers close idle connections just as the next request is sent, and each new
        # connection has its address checked.
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=2, max_keepalive_connections=0, network_backend=self._backend
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """The answer after at most ``redirects`` redirects; its status is 200, 206, 304 or 416.

        Raises RefusedError, LaterError or UnexpectedAnswerError; CutError (a LaterError) also while the body is read.
        """
        place, permanent = Place.parse(url), True
        cookies, visited = Cookies(), set()
        for step in range(self._limits.redirects + 1):
            sent = cookies.header(place)
            if (place.url, *sent.values()) in visited:
                raise _too_many(url, "redirects in a circle" + ", and its cookies did not end it" * bool(sent))
            visited.add((place.url, *sent.values()))
            with self._ask(place, {**headers, **sent}) as response:
                received = _headers(response)
                if response.status in _REDIRECTS and "location" in received:
                    permanent = permanent and response.status in _PERMANENT
                    cookies.keep(place, response)
                    place = place.follow(received["location"])
                    continue
                if response.status not in _ACCEPTED:
                    raise of_status(shown(place.url), response.status, received)
                self._backend.pace.begin_body()
                moved_to = place.url if step and permanent else None
                yield Answer(
                    response.status, received, place.url, shown(place.url), moved_to, iter(response.iter_stream())
                )
                return
        raise _too_many(url, f"more than {self._limits.redirects} redirects")

    @contextmanager
    def _ask(self, place: Place, headers: Mapping[str, str]) -> Iterator[httpcore.Response]:
        url = httpx.URL(place.url)
        sent = {"Host": url.netloc.decode("ascii"), "User-Agent": AGENT, "Accept": "*/*", **headers}
        if place.login:
            sent["Authorization"] = place.login
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        limits = self._limits
        timeouts = {"connect": limits.connect_s, "read": limits.silence_s, "write": limits.silence_s, "pool": 5.0}
        self._backend.pace = Pace(limits)
        with (
            web_errors(shown(place.url)),
            self._pool.stream("GET", target, headers=_encoded(sent), extensions={"timeout": timeouts}) as response,
        ):
            yield response


class Cookies:
    """Cookies of one request, for servers that redirect until they get one back; each is sent to its origin only."""

    MOST, LONGEST = 20, 4_096

    def __init__(self) -> None:
        self._by_origin: dict[tuple[str, str, int | None], dict[str, str]] = {}

    def keep(self, place: Place, response: httpcore.Response) -> None:
        """Keep the cookies of an answer; very long ones, and those beyond MOST, are ignored."""
        known = self._by_origin.setdefault(place.origin, {})
        for name, value in response.headers:
            pair = value.partition(b";")[0].decode("latin-1").strip()
            key, equals, _ = pair.partition("=")
            is_cookie = name.lower() == b"set-cookie" and equals and len(pair) <= self.LONGEST and pair.isprintable()
            if is_cookie and (key in known or len(known) < self.MOST):
                known[key] = pair

    def header(self, place: Place) -> dict[str, str]:
        """The header for a request; empty without cookies."""
        known = self._by_origin.get(place.origin)
        return {"Cookie": "; ".join(known.values())} if known else {}


def _too_many(url: str, what: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        f"{shown(url)}: {what}; open the address in a browser; if it works there, raise the source's podcast.redirects",
        code=ErrorCode.TOO_MANY_REDIRECTS,
    )


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As ``_text`` and Cookies read them: the library encodes ASCII only, and a cookie may hold more."""
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]


def _headers(response: httpcore.Response) -> dict[str, str]:
    """Values by lower-case name; the first if a name occurs more than once."""
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.decode("latin-1").lower(), _text(value).strip())
    return headers


def _text(value: bytes) -> str:
    """As browsers read a header: UTF-8, such as the path of a redirect, else Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
