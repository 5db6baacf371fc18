"""What of a file's address identifies the file: no protocol, tokens and marks of trackers, if that is unambiguous."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

# Parameters that sign an address, limit its time, or tell a tracker who asks.
_CHANGING = re.compile(
    r"(?i)(x-amz-.*|x-goog-.*|utm_.*|(access_?|auth_?|id_)?token|auth|sig|signature|expires?|expiry|exp|hmac|hdnea|hdnts|"
    r"policy|key-pair-id|googleaccessid|awsaccesskeyid|nonce|ts|timestamp|cb|cachebuster|rnd|rand|session(_?id)?|sid|"
    r"awcollectionid|awepisodeid|st|se|sp|sv|sr|skoid|sktid|skt|ske|sks|skv)"
)


def addresses(urls: Iterable[str]) -> dict[str, str]:
    """The address of each URL. If two files would have the same one, theirs keep all parameters."""
    by_reduced: defaultdict[str, set[str]] = defaultdict(set)
    given = list(dict.fromkeys(urls))
    for url in given:
        by_reduced[_address(url, reduced=True)].add(_address(url, reduced=False))
    return {
        url: reduced if len(by_reduced[reduced := _address(url, reduced=True)]) == 1 else _address(url, reduced=False)
        for url in given
    }


def _address(url: str, *, reduced: bool) -> str:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return url
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if reduced:
        pairs = [pair for pair in pairs if not _CHANGING.fullmatch(pair[0])]
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    return f"{place}{parts.path}" + (f"?{urlencode(pairs)}" if pairs else "")
