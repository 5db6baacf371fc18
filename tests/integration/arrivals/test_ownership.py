"""The source of an object does not depend on how it is found first, and artifacts are never recordings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.announce import message
from mediaindex.catalog.ledger import ledger
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import Lane, SeenBy
from mediaindex.errors import ConfigError
from mediaindex.orchestration import discovery, events
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.storage.queue import Message

pytestmark = pytest.mark.servers

Sources = Callable[..., Source]
KEYS = ("in/a.wav", "in/special/b.wav", "in/special/c.txt")


@pytest.fixture
def both(source: Sources) -> Configuration:
    outer = source(prefix="in/")
    inner = source(name=f"{outer.name}_inner", prefix="in/special/", exclude=["*.txt"])
    return Configuration(sources=(outer, inner))


def owners(conn: Any, bucket: str) -> dict[str, str]:
    return {one.key: one.source.partition("_")[2] for one in ledger.find(conn, bucket=bucket)}


@pytest.mark.parametrize("seen_by", ["listing-outer-first", "listing-inner-first", "events"])
def test_listings_and_events_give_an_object_to_the_source_with_the_longest_prefix(
    conn: Any, client: Any, put: Callable[..., None], bucket: str, both: Configuration, seen_by: str
) -> None:
    put(*KEYS)
    if seen_by == "events":
        events.take(conn, client, both, [Message(message(bucket, key), "") for key in KEYS])
    else:
        for source in both.sources if "outer" in seen_by else reversed(both.sources):
            discovery.take_listing(Arrivals(conn, client, source, SeenBy.LISTING), source.prefix)
    assert owners(conn, bucket) == {"in/a.wav": "", "in/special/b.wav": "inner", "in/special/c.txt": ""}


@pytest.mark.usefixtures("connections")
def test_artifacts_are_not_claimed_and_a_listing_of_them_is_refused(
    conn: Any,
    client: Any,
    put: Callable[..., None],
    source: Sources,
    bucket: str,
    states: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", bucket)
    put("artifacts/ab/normalize/cd.audio.flac", "artifacts/ab/transcribe/cd.json.gz", "a.wav")
    configuration = Configuration(sources=(source(exclude=["artifacts/*.gz", "artifacts/*.flac", "*.json"]),))
    (one,) = configuration.sources
    put("artifacts/ab/other")
    discovery.take_listing(Arrivals(conn, client, one, SeenBy.LISTING), "")
    events.take(conn, client, configuration, [Message(message(bucket, "artifacts/ab/other"), "")])
    assert states() == {"a.wav": "claimed"}
    for prefix in ("", "artifacts/", "artifacts/ab/"):
        with pytest.raises(ConfigError, match="covers the artifacts"):
            discovery.claim_new(source(), prefix, Lane.FRESH)
