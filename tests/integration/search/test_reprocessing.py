"""A recording in reprocessing is found by its old transcript until the new one is published."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.catalog.batches import batches, failures
from mediaindex.catalog.batches.failures import Failure
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.catalog.ledger import ledger, reprocessing
from mediaindex.catalog.ledger.reprocessing import Wanted
from mediaindex.contract.states import Lane
from mediaindex.errors import ErrorCode, FailureClass
from mediaindex.search import Hit, Indexes, publish_pending
from tests.builders.recordings import Recorded, arrive, transcribe

pytestmark = pytest.mark.servers
Find = Callable[..., list[Hit]]


@pytest.fixture
def requested(conn: Any, client: Elasticsearch, indexes: Indexes) -> Recorded:
    """A recording that is indexed as "old wine", requested again, and in a new batch."""
    first = arrive(conn, "talk", audio=uuid.uuid4().hex * 2)
    transcribe(conn, first, "old wine")
    publish_pending(conn, client, indexes=indexes)
    batches.finish(conn, first.batch_id)
    source = ledger.find(conn, ids=[first.id])[0].source
    reprocessing.ask(conn, f"run of {source}", Wanted([source]), limit=10, lane=Lane.BACKFILL)
    (second,) = batches.plan(conn, source)
    return Recorded(first.id, first.audio, first.bucket, first.key, second)


def test_the_old_transcript_is_found_until_the_new_one_is_published(
    conn: Any, client: Elasticsearch, indexes: Indexes, find: Find, requested: Recorded
) -> None:
    assert ledger.find(conn, ids=[requested.id])[0].state == "claimed"
    assert len(find("old wine")) == 1
    transcribe(conn, requested, "new bottles")  # in PostgreSQL the new version is current
    assert (len(find("old wine")), find("new bottles")) == (1, [])
    publish_pending(conn, client, indexes=indexes)
    assert (find("old wine"), len(find("new bottles"))) == ([], 1)


def test_the_old_transcript_is_kept_if_reprocessing_fails(
    conn: Any, client: Elasticsearch, indexes: Indexes, find: Find, requested: Recorded
) -> None:
    gone = Failure(ErrorCode.GONE, "the object is no longer there", FailureClass.TERMINAL, "normalize")
    assert failures.settle(conn, requested.batch_id, {requested.id: gone}, RetryPolicy()).kept == (requested.id,)
    publish_pending(conn, client, indexes=indexes)
    assert len(find("old wine")) == 1
    assert ledger.find(conn, ids=[requested.id])[0].state == "indexed"
