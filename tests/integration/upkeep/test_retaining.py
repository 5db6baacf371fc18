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
from mediaindex.errors import ConfigError
from mediaindex.storage import deletions
from mediaindex.storage.media import list_objects
from mediaindex.upkeep import retaining
from mediaindex.upkeep.erasing import Stores
from mediaindex.upkeep.retaining import Policy
from mediaindex.upkeep.verifying import verify
from tests.builders.recordings import Recorded

pytestmark = pytest.mark.servers
Indexed = Callable[..., Recorded]
# S3 dates objects itself: retention runs forty days after they were put there.
OLD = datetime.now(UTC)
NOW, YOUNG = OLD + timedelta(days=40), OLD + timedelta(days=20)


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
    assert retaining.remove_proxies(stores, rules, NOW + timedelta(days=30)) == 1  # the young one, which is old by now


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


def written_again(stores: Stores, old: Recorded, days: int = 10) -> datetime:
    """The time of a retention that looks at the object ``days`` after it was written; the ledger says 40 days more."""
    run(stores, "update media_object set last_modified = now() - interval '40 days' where id = %s", old.id)
    return datetime.now(UTC) + timedelta(days=days)


def test_an_object_that_was_written_again_is_as_old_as_s3_says(stores: Stores, indexed: Indexed) -> None:
    old = indexed("old", source="calls", when=OLD)
    now = written_again(stores, old)
    rules = [policy(media_days=30, proxy_days=30, transcript_days=30)]
    assert retaining.remove_media(stores, rules, now) == 0
    run(stores, "update media_object set last_modified = now() - interval '40 days' where id = %s", old.id)
    assert retaining.remove_proxies(stores, rules, now) == 0
    run(stores, "update media_object set last_modified = now() - interval '40 days' where id = %s", old.id)
    assert retaining.erase_expired(stores, rules, now) == []
    assert keys(stores, old.bucket) == [old.key]
    ((date,),) = run(stores, "select last_modified from media_object where id = %s", old.id)
    assert datetime.now(UTC) - date < timedelta(hours=1)
    assert retaining.remove_media(stores, rules, now + timedelta(days=30)) == 1


def test_an_object_that_is_put_back_after_its_retention_counts_anew(stores: Stores, indexed: Indexed) -> None:
    old = indexed("old", source="calls", when=OLD)
    retaining.remove_media(stores, [policy(media_days=30)], NOW)
    stores.s3.put_object(Bucket=old.bucket, Key=old.key, Body=b"old")
    now = written_again(stores, old)
    assert retaining.erase_expired(stores, [policy(media_days=30, transcript_days=30)], now) == []
    assert run(stores, "select media_removed_at from media_object where id = %s", old.id) == [(None,)]


def test_only_what_was_written_before_a_date_is_deleted(stores: Stores, indexed: Indexed) -> None:
    old = indexed("old", source="calls", when=OLD)
    assert deletions.delete_object(stores.s3, old.bucket, old.key, before=OLD - timedelta(days=1)) == 0
    assert deletions.delete_object(stores.s3, old.bucket, old.key, before=NOW) == 1


def test_an_object_that_cannot_be_deleted_does_not_stop_the_others(stores: Stores, indexed: Indexed) -> None:
    first, second = indexed("first", source="calls", when=OLD), indexed("second", source="calls", when=OLD)
    run(stores, "update media_object set bucket = bucket || '-lost' where id = %s", first.id)
    with pytest.raises(ConfigError, match="does not exist"):
        retaining.remove_media(stores, [policy(media_days=30)], NOW)
    assert keys(stores, second.bucket) == [first.key]
