"""Sources of the catalog: renamed with all that is theirs, and what is said of those that are not configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mediaindex.catalog.ledger import ledger, sources
from mediaindex.catalog.podcasts import feeds
from mediaindex.errors import TerminalError

pytestmark = pytest.mark.servers


def test_a_renamed_source_has_the_recordings_and_feeds_of_the_old_one(
    conn: Any, source: str, listed: Callable[..., Any]
) -> None:
    new = f"{source}-new"
    ids = [one.id for one in ledger.claim(conn, source, listed(2))]
    feeds.follow(conn, source, ["https://a.example/feed"])
    assert sources.rename(conn, source, new) == 2
    assert [one.id for one in ledger.find(conn, source=new)] == ids
    assert ledger.find(conn, source=source) == []
    (old,), (known,) = sources.overview(conn, source), sources.overview(conn, new)
    assert (old.renamed_to, old.objects, old.feeds) == (new, {}, 0)
    assert (known.renamed_to, known.objects, known.feeds) == (None, {"claimed": 2}, 1)


def test_a_source_that_the_catalog_does_not_have_is_not_renamed(conn: Any, source: str) -> None:
    with pytest.raises(TerminalError, match=source) as caught:
        sources.rename(conn, source, f"{source}-new")
    assert caught.value.code == "unknown_source"
    assert sources.overview(conn, f"{source}-new") == []
