from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from mediaindex.feeds.connecting import WebLimits
from mediaindex.feeds.web import Web
from tests.builders.podcast_host import Host, podcast_host

LOOPBACK = (ip_network("127.0.0.1/32"),)


@pytest.fixture
def host() -> Iterator[Host]:
    with podcast_host() as running:
        yield running


@pytest.fixture
def web() -> Iterator[Web]:
    """A client that may connect to 127.0.0.1 and to no other private address."""
    with Web(WebLimits(), LOOPBACK) as opened:
        yield opened
