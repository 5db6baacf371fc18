"""An outage of Elasticsearch during a batch: transcripts are in PostgreSQL, and are published after the outage."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.batches import sweeping
from mediaindex.catalog.batches.retry_policy import RetryPolicy
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import publications
from mediaindex.contract.states import ObjectState, StateReason
from mediaindex.errors import TerminalError, TransientError
from mediaindex.orchestration import indexing, publishing
from mediaindex.search import client as search_client
from mediaindex.search import from_environment
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.upkeep.erasing import Stores
from mediaindex.upkeep.verifying import document_differences
from tests.builders.passed_batches import passed_batch
from tests.builders.tcp_proxy import Interruption, TcpProxy

pytestmark = pytest.mark.servers

NAMES = [f"talk {number}" for number in range(6)]


@pytest.fixture
def search_proxy(database_url: str) -> Iterator[TcpProxy]:
    assert database_url
    with TcpProxy(urlsplit(os.environ["MEDIAINDEX_ELASTICSEARCH_URL"]).port or 9200) as proxy:
        yield proxy


@pytest.fixture
def batch_id(
    conn: Any,
    client: Any,
    bucket: str,
    connections: Callable[..., None],
    search_proxy: TcpProxy,
    own_indexes: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[int]:
    """A batch of recordings that have passed every stage, with artifacts in S3."""
    assert own_indexes is None
    connections(elasticsearch=f"http://127.0.0.1:{search_proxy.port}")
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", bucket)
    id_ = passed_batch(conn, S3ArtifactStore(client, bucket), bucket, NAMES)
    conn.commit()
    yield id_
    with transaction(conn) as cursor:  # later tests publish only their own transcripts
        cursor.execute("update publication set published_at = now()")
        cursor.execute("update transcript set is_current = false")


def states(conn: Any, bucket: str) -> set[tuple[str, str | None, int]]:
    return {(row.state, row.reason_code, row.attempts) for row in ledger.find(conn, bucket=bucket)}


def differences(conn: Any, client: Any, bucket: str) -> list[str]:
    return [found.kind for found in document_differences(Stores(conn, from_environment(), client, bucket))]


def sweep(conn: Any, batch_id: int) -> sweeping.Swept:
    (started,) = [batch for batch in sweeping.started(conn) if batch.id == batch_id]
    return sweeping.sweep(conn, started, RetryPolicy(first_wait_s=0.0, transient_attempts=1))


def fail_to_publish(batch_id: int) -> None:
    """Run the tasks of a run during an outage of Elasticsearch."""
    assert indexing.load_transcripts(batch_id) == len(NAMES)
    for _ in range(3):
        with pytest.raises(TransientError, match="nothing is lost"):
            indexing.publish(batch_id)
    with pytest.raises(TerminalError, match=f"{len(NAMES)} of them only because their transcripts are not published"):
        indexing.finish(batch_id)


def test_a_batch_waits_in_the_outbox_and_is_published_in_order(
    conn: Any, client: Any, bucket: str, batch_id: int, search_proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    search_proxy.cut()
    fail_to_publish(batch_id)
    assert states(conn, bucket) == {("claimed", "not_published", 0)}
    for _ in range(10):  # the run has ended; the sweep neither requeues nor quarantines
        assert len(sweep(conn, batch_id).waiting) == len(NAMES)
    assert states(conn, bucket) == {("claimed", "not_published", 0)}
    with pytest.raises(TransientError):
        publishing.publish_due()

    search_proxy.restore()
    due = [publication.id for publication in publications.pending(conn)]
    published: list[int] = []
    mark = publications.mark_published

    def recorded(conn: Any, id_: int) -> None:
        published.append(id_)
        mark(conn, id_)

    monkeypatch.setattr(publications, "mark_published", recorded)
    assert publishing.publish_due() == {"published": len(NAMES), "withdrawn": 0, "refused": 0}
    assert published == due == sorted(due)
    assert differences(conn, client, bucket) == []
    sweep(conn, batch_id)
    assert states(conn, bucket) == {("indexed", None, 0)}


@pytest.mark.parametrize("after", [40, 3_000, 9_000, 20_000])
def test_a_batch_is_completed_after_an_outage_at_any_byte(
    conn: Any, client: Any, bucket: str, batch_id: int, search_proxy: TcpProxy, after: int
) -> None:
    indexing.load_transcripts(batch_id)
    search_proxy.interrupt(Interruption(after, True, search_proxy.cut))
    with pytest.raises(TransientError):
        indexing.publish(batch_id)
    search_proxy.restore()
    publishing.publish_due()
    assert differences(conn, client, bucket) == []
    assert indexing.finish(batch_id)["indexed"] == len(NAMES)


def test_a_recording_deleted_during_the_outage_is_withdrawn(
    conn: Any, client: Any, bucket: str, batch_id: int, search_proxy: TcpProxy
) -> None:
    search_proxy.cut()
    fail_to_publish(batch_id)
    gone, *_ = ledger.find(conn, bucket=bucket)
    ledger.set_state(conn, gone.id, ObjectState.GONE, code=StateReason.REMOVED)
    search_proxy.restore()
    assert publishing.publish_due() == {"published": len(NAMES), "withdrawn": 1, "refused": 0}
    assert differences(conn, client, bucket) == []


def test_a_server_that_never_answers_is_a_transient_error(
    conn: Any, batch_id: int, search_proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_client, "REQUEST_TIMEOUT", 0.2)
    indexing.load_transcripts(batch_id)
    search_proxy.hold()
    with pytest.raises(TransientError, match="does not answer"):
        indexing.publish(batch_id)
    assert len(publications.pending(conn, batch_id=batch_id)) == len(NAMES)
