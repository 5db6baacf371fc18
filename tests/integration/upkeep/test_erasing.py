"""An erased recording leaves nothing, even after a kill at any point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.erasure import erasure
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import publications, reviews
from mediaindex.contract.states import ObjectState, ReviewKind
from mediaindex.errors import ErrorCode, TerminalError, TransientError
from mediaindex.search import connect as connect_search
from mediaindex.search import publish_pending, search
from mediaindex.storage.media import list_objects
from mediaindex.upkeep import erasing
from mediaindex.upkeep.erasing import Stores
from mediaindex.upkeep.verifying import verify
from tests.builders.killed import run_killed
from tests.builders.recordings import Recorded

pytestmark = pytest.mark.servers
Indexed = Callable[..., Recorded]
COUNTS = {
    "artifacts": 3, "objects": 1, "pointers": 1, "reviews": 1, "topics": 1, "transcripts": 1, "turns": 2, "words": 7,
}  # fmt: skip


def opened(stores: Stores, recorded: Recorded, **options: Any) -> int:
    return erasure.open_receipt(stores.conn, {recorded.id: True}, reason="request 1", actor="ann", **options)


def erased(stores: Stores, recorded: Recorded, **options: Any) -> erasure.Receipt:
    return erasing.complete(stores, opened(stores, recorded, **options))


def rows(stores: Stores, text: str, *values: Any) -> list[Any]:
    with transaction(stores.conn) as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall())


def stored(stores: Stores, bucket: str) -> list[str]:
    return [one.key for one in list_objects(stores.s3, bucket)]


def hits(stores: Stores, words: str) -> list[str]:
    stores.search.indices.refresh(index=stores.indexes.turns)
    return [hit.key for hit in search(stores.search, words, indexes=stores.indexes)]


def test_only_the_receipt_is_left(stores: Stores, indexed: Indexed, buckets: tuple[str, str]) -> None:
    talk, other = indexed("talk"), indexed("other")
    (current,) = rows(stores, "select id from transcript where audio_sha256 = %s", talk.audio)
    reviews.file(
        stores.conn, talk.id, kind=ReviewKind.ASSESSMENT, transcript_id=current[0], reasons=("the title of talk",)
    )
    receipt = erased(stores, talk)
    assert (receipt.finished, receipt.counts) == (True, COUNTS)
    assert stored(stores, buckets[0]) == [other.key]
    assert [key for key in stored(stores, buckets[1]) if talk.audio in key] == []
    assert [key for key in stored(stores, buckets[1]) if "pointers" in key] == [
        f"artifacts/pointers/source/{other.id:064}.json"
    ]
    assert hits(stores, "weather") == [other.key]
    (one,) = ledger.find(stores.conn, ids=[talk.id])
    assert (one.state, one.reason_code, one.key) == ("gone", "erased", talk.key)
    assert list(verify(stores)) == []


def test_no_row_contains_its_text(stores: Stores, indexed: Indexed) -> None:
    talk = indexed("secretname", "zanzibar is secret")
    erased(stores, talk, hide_keys=True)
    names = rows(stores, "select table_name from information_schema.tables where table_schema = 'public' "
                         "and table_type = 'BASE TABLE'")  # fmt: skip
    for (table,) in names:
        found = rows(stores, f"select t::text from {table} t where t::text ~* 'secretname|zanzibar'")  # noqa: S608
        assert found == [], table
    assert rows(stores, "select sum(cpu_s) > 0 from stage_run") == [(True,)]  # its costs stay


def test_the_receipt_has_cause_reason_actor_and_times(stores: Stores, indexed: Indexed) -> None:
    receipt = erased(stores, indexed("talk"))
    (row,) = rows(stores, "select cause, reason, actor, finished_at > opened_at from erasure where id = %s", receipt.id)
    assert row == ("request", "request 1", "ann", True)


def test_a_receipt_is_never_changed(stores: Stores, indexed: Indexed) -> None:
    erased(stores, indexed("talk"))
    for statement in ("update erasure set reason = 'x'", "delete from erasure", "delete from erasure_audio"):
        with pytest.raises(TerminalError, match="never changed"):
            rows(stores, statement)


def test_only_an_erasure_changes_history(stores: Stores, indexed: Indexed) -> None:
    erased(stores, indexed("talk"))
    finished = "select set_config('mediaindex.erasure', max(id)::text, true) from erasure"
    with pytest.raises(TerminalError, match="never changed"):
        rows(stores, f"{finished}; update media_object_event set reason = null")  # noqa: S608
    with pytest.raises(TerminalError, match="no open receipt"):
        rows(stores, "select erase_content(max(id)) from erasure")


def test_copies_are_named_and_erased_only_on_request(
    stores: Stores, indexed: Indexed, buckets: tuple[str, str]
) -> None:
    talk = indexed("talk")
    copy = indexed("copy", same_as="talk")
    with pytest.raises(TerminalError, match=f"{copy.key}.*--all-copies"):
        opened(stores, talk)
    assert len(stored(stores, buckets[0])) == 2
    assert rows(stores, "select count(*) from erasure") == [(0,)]
    receipt = erased(stores, talk, all_copies=True)
    assert ([one.id for one in receipt.objects], stored(stores, buckets[0])) == ([talk.id, copy.id], [])
    assert list(verify(stores)) == []


def test_a_recording_in_work_is_not_erased(stores: Stores, indexed: Indexed) -> None:
    talk = indexed("talk", publish=False)
    rows(stores, "update batch set dag_run_id = 'run', started_at = now() returning id")
    with pytest.raises(TerminalError, match=r"run run .* is processing it"):
        opened(stores, talk)


def test_a_recording_that_was_given_up_is_erased_while_its_batch_runs(stores: Stores, indexed: Indexed) -> None:
    talk = indexed("talk", publish=False)
    rows(stores, "update batch set dag_run_id = 'run', started_at = now() returning id")
    ledger.set_state(stores.conn, talk.id, ObjectState.QUARANTINED, code=ErrorCode.TRUNCATED, reason="it ends early")
    assert opened(stores, talk)


def test_a_listing_does_not_claim_it_during_an_erasure(
    stores: Stores, indexed: Indexed, buckets: tuple[str, str]
) -> None:
    talk = indexed("talk")
    (listed,) = list_objects(stores.s3, buckets[0])
    receipt = opened(stores, talk)
    assert ledger.claim(stores.conn, buckets[0], [listed]) == []
    erasing.complete(stores, receipt)
    assert [one.id for one in ledger.claim(stores.conn, buckets[0], [listed])] == [talk.id]  # a new order


def test_a_replaced_object_stays(stores: Stores, indexed: Indexed, buckets: tuple[str, str]) -> None:
    talk = indexed("talk")
    stores.s3.put_object(Bucket=buckets[0], Key=talk.key, Body=b"something else")
    receipt = erasure.open_receipt(stores.conn, {talk.id: False}, reason="this version", actor="ann")
    assert erasing.complete(stores, receipt).counts["objects"] == 0
    assert stored(stores, buckets[0]) == [talk.key]


def test_an_outage_of_elasticsearch_blocks_nothing_else(
    stores: Stores, indexed: Indexed, buckets: tuple[str, str]
) -> None:
    talk = indexed("talk")
    receipt = opened(stores, talk)
    with pytest.raises(TransientError, match="everything is deleted except the documents"):
        erasing.complete(replace(stores, search=connect_search("http://127.0.0.1:1")), receipt)
    assert (stored(stores, buckets[0]), hits(stores, "weather")) == ([], [talk.key])
    assert {one.kind for one in verify(stores)} == {"erasure_open"}  # the outbox was asked a moment ago
    publish_pending(stores.conn, stores.search, indexes=stores.indexes)
    assert erasing.close_withdrawn(stores.conn) == [receipt]
    assert list(verify(stores)) == []


# Kills itself by SIGKILL before its nth call to a server: S3, Elasticsearch, or a commit in PostgreSQL.
KILLED = """
import os, signal, sys
from elastic_transport import Transport
import botocore.client, psycopg2.extensions
from mediaindex.catalog.base import connection
from mediaindex.catalog.erasure import erasure
from mediaindex.search import Indexes, from_environment
from mediaindex.storage.client import s3_client
from mediaindex.upkeep import erasing
from mediaindex.upkeep.erasing import Stores
url, prefix, bucket, receipt, fatal = sys.argv[1:4] + [int(one) for one in sys.argv[4:]]
calls = 0
def fatally(real):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == fatal: os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    return call
Transport.perform_request = fatally(Transport.perform_request)
botocore.client.BaseClient._make_api_call = fatally(botocore.client.BaseClient._make_api_call)
erasure.empty, erasure.finish, erasure.add_counts = map(fatally, (erasure.empty, erasure.finish, erasure.add_counts))
with connection.connect(url) as conn:
    erasing.complete(Stores(conn, from_environment(), s3_client(), bucket, indexes=Indexes(prefix)), receipt)
print(calls)
"""


@pytest.mark.parametrize("fatal", [2, 5, 8, 11, 14, 17, 19])
def test_killed_at_any_moment_it_is_completed_by_the_next(
    stores: Stores, catalog_url: str, indexed: Indexed, buckets: tuple[str, str], fatal: int
) -> None:
    talk = indexed("talk")
    receipt = opened(stores, talk)
    names = (stores.indexes.prefix, stores.artifacts_bucket, str(receipt), str(fatal))
    run_killed(stores.conn, KILLED, catalog_url, *names)
    assert "erasure_open" in {one.kind for one in verify(stores)}
    assert opened(stores, talk) == receipt  # the same command takes it up
    assert erasing.resume(stores) == [receipt]
    assert (stored(stores, buckets[0]), stored(stores, buckets[1]), hits(stores, "weather")) == ([], [], [])
    assert publications.pending(stores.conn) == []
    assert list(verify(stores)) == []
