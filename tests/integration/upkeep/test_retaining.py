"""Retention per source: what is older is deleted, what is younger or has no limit stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.ledger import ledger
from mediaindex.config.retention import Retention
from mediaindex.contract.states import ObjectState
from mediaindex.storage.media import list_objects
from mediaindex.upkeep import retaining
from mediaindex.upkeep.erasing import Stores
from mediaindex.upkeep.retaining import Policy
from mediaindex.upkeep.verifying import verify
from tests.builders.recordings import Recorded

pytestmark = pytest.mark.servers
Indexed = Callable[..., Recorded]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=40), NOW - timedelta(days=20)


def policy(source: str = "calls", **days: int) -> Policy:
    return Policy(source, Retention(**days))


def keys(stores: Stores, bucket: str, part: str = "") -> list[str]:
    return [one.key for one in list_objects(stores.s3, bucket) if part in one.key]


def run(stores: Stores, statement: str, *values: Any) -> list[Any]:
    with transaction(stores.conn) as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def test_expired_media_is_deleted_and_its_results_stay(stores: Stores, indexed: Indexed) -> None:
    old = indexed("old", source="calls", when=OLD)
    young, kept = indexed("young", source="calls", when=YOUNG), indexed("kept", source="shows", when=OLD)
    rules = [policy(media_days=30), policy("shows")]
    assert retaining.remove_media(stores, rules, NOW) == 1
    assert keys(stores, old.bucket) == sorted([young.key, kept.key])
    assert [one.state for one in ledger.find(stores.conn, ids=[old.id])] == ["indexed"]
    assert list(verify(stores)) == []
    assert retaining.remove_media(stores, rules, NOW) == 0


def test_a_recording_in_work_keeps_its_media(stores: Stores, indexed: Indexed) -> None:
    old = indexed("old", source="calls", when=OLD, publish=False)
    assert retaining.remove_media(stores, [policy(media_days=30)], NOW) == 0
    assert keys(stores, old.bucket) == [old.key]


def test_expired_proxies_are_deleted_and_their_results_stay(stores: Stores, indexed: Indexed) -> None:
    old = indexed("old", source="calls", when=OLD)
    indexed("young", source="calls", when=YOUNG)
    rules = [policy(proxy_days=30)]
    assert retaining.remove_proxies(stores, rules, NOW) == 1
    assert len(keys(stores, stores.artifacts_bucket, ".flac")) == 1
    assert len(keys(stores, stores.artifacts_bucket, old.audio)) == 2
    assert retaining.remove_proxies(stores, rules, NOW) == 0
    assert list(verify(stores)) == []


def test_expired_recordings_are_erased_with_a_receipt(stores: Stores, indexed: Indexed) -> None:
    old, young = indexed("old", source="calls", when=OLD), indexed("young", source="calls", when=YOUNG)
    rules = [policy(media_days=10, transcript_days=30)]
    (receipt,) = retaining.erase_expired(stores, rules, NOW)
    assert run(stores, "select cause, actor, finished_at is not null from erasure where id = %s", receipt) == [
        ("retention", "apply_retention", True)
    ]
    (one,) = ledger.find(stores.conn, ids=[old.id])
    assert (one.state, one.reason_code) == ("gone", "expired")
    assert keys(stores, old.bucket) == [young.key]
    assert retaining.erase_expired(stores, rules, NOW) == []
    assert list(verify(stores)) == []


@pytest.mark.parametrize(("source", "when"), [("shows", OLD), ("calls", YOUNG)])
def test_audio_stays_as_long_as_one_of_its_copies(
    stores: Stores, indexed: Indexed, source: str, when: datetime
) -> None:
    indexed("old", source="calls", when=OLD)
    indexed("copy", source=source, when=when, same_as="old")
    rules = [policy(media_days=10, proxy_days=30, transcript_days=30), policy("shows")]
    assert (retaining.erase_expired(stores, rules, NOW), retaining.remove_proxies(stores, rules, NOW)) == ([], 0)


def test_a_recording_without_its_audio_is_not_requeued(stores: Stores, indexed: Indexed) -> None:
    old = indexed("old", source="calls", when=OLD)
    retaining.remove_media(stores, [policy(media_days=30)], NOW)
    ledger.requeue(stores.conn, old.id)  # its normalised audio still exists
    assert [one.state for one in ledger.find(stores.conn, ids=[old.id])] == ["claimed"]
    ledger.set_state(stores.conn, old.id, ObjectState.INDEXED)
    retaining.remove_proxies(stores, [policy(proxy_days=30)], NOW)
    ledger.requeue(stores.conn, old.id)
    (one,) = ledger.find(stores.conn, ids=[old.id])
    assert (one.state, one.reason_code) == ("indexed", "media_expired")
    assert list(verify(stores)) == []
