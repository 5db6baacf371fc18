from __future__ import annotations

import pytest

from mediaindex.errors import ConfigError, TransientError
from mediaindex.search.client import address, connect, from_environment, is_transient, translated


@pytest.mark.parametrize("url", ["", "localhost:9200", "ftp://host:9200", "http://", "http://host:port"])
def test_a_malformed_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="must look like http://localhost:9200"):
        connect(url)


def test_without_a_url_the_error_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_ELASTICSEARCH_URL", raising=False)
    with pytest.raises(ConfigError, match="MEDIAINDEX_ELASTICSEARCH_URL"):
        from_environment()


def test_the_address_has_no_credentials() -> None:
    assert address(connect("http://elastic:geheim@host:9200")) == "http://host:9200"


def test_an_unreachable_server_is_transient_and_named_without_its_password() -> None:
    # Port 1 on loopback is closed, so the connection is refused immediately.
    client = connect("http://elastic:geheim@127.0.0.1:1")
    with pytest.raises(TransientError) as caught, translated(client):
        client.info()
    assert "http://127.0.0.1:1" in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert caught.value.code == "search_unavailable"


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        *((status, "", True) for status in (408, 429, 502, 503, 504)),
        (500, "", False),
        (403, "cluster_block_exception", True),
        (403, "security_exception", False),
        (400, "", False),
    ],
)
def test_a_status_is_transient_or_not(status: int, reason: str, *, expected: bool) -> None:
    assert is_transient(status, reason) is expected
