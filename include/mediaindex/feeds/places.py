"""Untrusted URLs: parsed once, and shown without their secrets."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote_to_bytes, urljoin

import httpx

from mediaindex.errors import ErrorCode
from mediaindex.printable import printable

from .errors import RefusedError

LONGEST = 4_000  # characters
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Place:
    """An http or https URL. ``url`` has no user, password or fragment; ``login`` is the Authorization header."""

    url: str
    login: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises RefusedError ``bad_url`` if the text is not an http(s) URL; the message shows no secrets."""
        text = text.strip()
        if len(text) > LONGEST:
            raise RefusedError(f"{shown(text)}: longer than {LONGEST} characters", code=ErrorCode.BAD_URL)
        try:
            url = httpx.URL(text)
            host = url.host
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise RefusedError(f"{shown(text)}: not a URL", code=ErrorCode.BAD_URL) from error
        if url.scheme not in {"http", "https"} or not host or (url.port is not None and not 0 < url.port < 65_536):
            raise RefusedError(f"{shown(text)}: not an http or https URL with a host", code=ErrorCode.BAD_URL)
        login = f"Basic {base64.b64encode(unquote_to_bytes(url.userinfo)).decode()}" if url.userinfo else None
        return cls(str(url.copy_with(userinfo=b"", fragment=None)), login)

    def follow(self, location: str) -> Place:
        """The target of a redirect. The login is kept within the same origin only."""
        try:
            target = urljoin(self.url, location.strip())
        except ValueError as error:
            raise RefusedError(f"{shown(self.url)}: redirects to an invalid URL", code=ErrorCode.BAD_URL) from error
        place = Place.parse(target)
        if place.login is None and place.origin == self.origin:
            return Place(place.url, self.login)
        return place

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """Scheme, host and port."""
        url = httpx.URL(self.url)
        return url.scheme, url.host, url.port


def shown(url: str) -> str:
    """Scheme, host and path, for logs and messages. Users, passwords, queries and fragments may be secret."""
    try:
        parsed = httpx.URL(url)
        text = f"{parsed.scheme}://{parsed.netloc.decode('ascii', 'replace')}{parsed.path}"
    except (httpx.InvalidURL, UnicodeError, ValueError):
        return "an invalid URL"
    plain = printable(text)
    return plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…"
