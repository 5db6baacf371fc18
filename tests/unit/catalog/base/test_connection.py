from __future__ import annotations

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.errors import ConfigError, TransientError

NO_ADDRESS = ["postgresql+psycopg2://me:hunter2@db/x", "hunter2", "postgresql://me:hunter2@db:x y/z"]
# A password with a sign that ends it early, so that its rest looks like a host, port or database.
CUT = ["postgresql://me:p@hunter2@db/x", "postgresql://me:hunter2/p@db/x", "postgresql://me:1/hunter2@db/x"]


@pytest.mark.parametrize("url", NO_ADDRESS + CUT)
def test_a_malformed_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError) as caught, connect(url):
        pass
    assert "hunter2" not in caught.value.message
    assert caught.value.__context__ is None


def test_an_unreachable_server_is_transient_and_named() -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/catalog"
    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1/catalog") as caught, connect(url):
        pass
    assert "hunter2" not in caught.value.message
