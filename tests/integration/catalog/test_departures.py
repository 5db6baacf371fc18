"""Objects that are replaced or deleted: their successors and withdrawals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import publications, reviews, transcripts
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.states import ItemStatus, ObjectState, ReviewKind, StateReason
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


@pytest.fixture
def arrive(conn: Any, source: str) -> Make:
    """Claim objects and plan them into one batch: its id and theirs."""

    def build(*objects: ObjectVersion) -> tuple[int, list[int]]:
        ids = [one.id for one in ledger.claim(conn, source, objects)]
        (batch_id,) = batches.plan(conn, source)
        return batch_id, ids

    return build


@pytest.fixture
def index(conn: Any, passes: Make, assessed: Make) -> Make:
    """Take objects with their audio through the batch to published transcripts, and settle it."""

    def take(batch_id: int, audio: dict[int, str], *, needs_review: bool = False) -> batches.BatchSummary:
        copies = passes(batch_id, "normalize", audio).duplicates
        for id_, sha256 in audio.items():
            if id_ in copies:
                continue
            done = ItemResult(id=str(id_), status=ItemStatus.DONE, audio_sha256=sha256, fingerprint=f"f-{sha256}")
            stage_runs.record(conn, batch_id, JobResult(stage="find_topics", items=(done,)))
            assessment, topics = assessed(needs_review=needs_review)
            loaded = transcripts.load(
                conn, media_object_id=id_, audio_sha256=sha256, assessment=assessment, topics=topics,
                fingerprint=f"f-{sha256}",
            )  # fmt: skip
            if needs_review:
                reviews.file(conn, id_, kind=ReviewKind.ASSESSMENT, transcript_id=loaded, reasons=assessment.reasons)
        for due in publications.pending(conn, batch_id=batch_id):
            publications.mark_published(conn, due.id)
        return batches.finish(conn, batch_id)

    return take


def newer(old: ObjectVersion, etag: str, key: str | None = None) -> ObjectVersion:
    return replace(old, key=key or old.key, etag=etag, last_modified=old.last_modified + timedelta(hours=1))


def state(conn: Any, id_: int) -> tuple[str, str | None]:
    (one,) = ledger.find(conn, ids=[id_])
    return one.state, one.reason_code


def current(conn: Any, audio: str) -> bool:
    with conn.cursor() as cursor:
        cursor.execute("select exists (select from transcript where audio_sha256 = %s and is_current)", (audio,))
        return bool(cursor.fetchone()[0])


def withdrawn(conn: Any, audio: str) -> bool:
    with conn.cursor() as cursor:
        cursor.execute("select exists (select from withdrawn_recording where audio_sha256 = %s)", (audio,))
        return bool(cursor.fetchone()[0])


def primary(conn: Any, audio: str) -> int:
    with conn.cursor() as cursor:
        cursor.execute("select primary_object_id from recording where audio_sha256 = %s", (audio,))
        return int(cursor.fetchone()[0])


def test_a_replaced_object_is_gone_after_the_newer_one_is_indexed(
    conn: Any, listed: Make, arrive: Make, index: Make, sha256: Make
) -> None:
    (file,) = listed(1)
    old_batch, (old,) = arrive(file)
    old_audio, new_audio = sha256(), sha256()
    index(old_batch, {old: old_audio})
    new_batch, (new,) = arrive(newer(file, "another"))
    assert batches.finish(conn, new_batch).unfinished == (new,)
    assert state(conn, old) == ("indexed", None)
    assert current(conn, old_audio)
    assert index(new_batch, {new: new_audio}).indexed == 1
    assert state(conn, old) == ("gone", "replaced")
    assert state(conn, new) == ("indexed", None)
    assert (current(conn, old_audio), withdrawn(conn, old_audio)) == (False, True)
    assert (current(conn, new_audio), withdrawn(conn, new_audio)) == (True, False)


def test_a_quarantined_newer_object_replaces_nothing(
    conn: Any, listed: Make, arrive: Make, index: Make, fails: Make, sha256: Make
) -> None:
    (file,) = listed(1)
    old_batch, (old,) = arrive(file)
    audio = sha256()
    index(old_batch, {old: audio})
    new_batch, (new,) = arrive(newer(file, "another"))
    fails(new_batch, "normalize", new)
    batches.finish(conn, new_batch)
    assert (state(conn, old)[0], state(conn, new)[0]) == ("indexed", "quarantined")
    assert current(conn, audio)


def test_a_copy_replaces_a_replaced_primary(
    conn: Any, source: str, listed: Make, arrive: Make, index: Make, sha256: Make
) -> None:
    file, copy = listed(2)
    audio = sha256()
    batch_id, (one, other) = arrive(file, copy)
    index(batch_id, {one: audio, other: audio})
    assert state(conn, other)[0] == "duplicate"
    new_batch, (new,) = arrive(newer(file, "another"))
    index(new_batch, {new: sha256()})
    assert state(conn, one) == ("gone", "replaced")
    # At once for the search, and through the queue for the ledger.
    assert primary(conn, audio) == other
    assert current(conn, audio)
    (due,) = [due for due in publications.pending(conn) if due.audio_sha256 == audio]
    assert due.transcript_id is not None
    assert publications.load_for_publication(conn, due.transcript_id).key == copy.key
    assert state(conn, other) == ("claimed", "promoted")
    (again,) = batches.plan(conn, source)
    assert index(again, {other: audio}).indexed == 1
    assert state(conn, other)[0] == "indexed"


def test_the_same_audio_in_a_new_object_under_the_same_key_stays_in_the_search(
    conn: Any, listed: Make, arrive: Make, index: Make, sha256: Make
) -> None:
    (file,) = listed(1)
    audio = sha256()
    old_batch, (old,) = arrive(file)
    index(old_batch, {old: audio})
    new_batch, (new,) = arrive(newer(file, "retagged"))
    assert index(new_batch, {new: audio}).indexed == 1
    assert (state(conn, old)[0], state(conn, new)[0]) == ("gone", "indexed")
    assert (primary(conn, audio), current(conn, audio), withdrawn(conn, audio)) == (new, True, False)


def test_an_old_version_announced_late_is_not_claimed(
    conn: Any, source: str, listed: Make, arrive: Make, index: Make, sha256: Make
) -> None:
    (file,) = listed(1)
    old_batch, (old,) = arrive(file)
    index(old_batch, {old: sha256()})
    new_batch, (new,) = arrive(newer(file, "another"))
    index(new_batch, {new: sha256()})
    assert ledger.claim(conn, source, [file]) == []
    # An old version that was never announced before is indexed, and gone in the same moment.
    late = replace(file, etag="late", last_modified=file.last_modified - timedelta(hours=1))
    late_batch, (unseen,) = arrive(late)
    audio = sha256()
    assert index(late_batch, {unseen: audio}).gone == 1
    assert state(conn, unseen) == ("gone", "replaced")
    assert state(conn, new)[0] == "indexed"
    assert not current(conn, audio)


def test_the_same_bytes_uploaded_again_are_claimed_and_published(
    conn: Any, source: str, listed: Make, arrive: Make, index: Make, sha256: Make
) -> None:
    (file,) = listed(1)
    audio = sha256()
    batch_id, (one,) = arrive(file)
    index(batch_id, {one: audio})
    ledger.set_state(conn, one, ObjectState.GONE, code=StateReason.REMOVED, reason="no longer listed")
    assert withdrawn(conn, audio)
    again, (same,) = arrive(newer(file, file.etag))
    assert same == one
    assert index(again, {one: audio}).indexed == 1
    assert (current(conn, audio), withdrawn(conn, audio)) == (True, False)
    states = [move.to_state for move in ledger.history(conn, one)]
    assert states == ["claimed", "indexed", "gone", "claimed", "indexed"]


def test_a_gone_object_has_no_open_reviews(
    conn: Any, source: str, listed: Make, arrive: Make, index: Make, sha256: Make
) -> None:
    batch_id, (one,) = arrive(*listed(1))
    audio = sha256()
    index(batch_id, {one: audio}, needs_review=True)
    (question,) = reviews.open_items(conn, source)
    ledger.set_state(conn, one, ObjectState.GONE)
    assert reviews.open_items(conn, source) == []
    assert reviews.events(conn, question.id)[-1].details == {"resolution": "gone"}


def test_an_object_gone_before_its_publication_is_not_published(
    conn: Any, listed: Make, arrive: Make, passes: Make, assessed: Make, sha256: Make
) -> None:
    batch_id, (one,) = arrive(*listed(1))
    audio = sha256()
    passes(batch_id, "normalize", {one: audio})
    assessment, topics = assessed()
    transcripts.load(
        conn, media_object_id=one, audio_sha256=audio, assessment=assessment, topics=topics, fingerprint="f"
    )
    ledger.set_state(conn, one, ObjectState.GONE)
    # Its publisher may have been killed half-way: whatever it wrote is taken away.
    assert [due.kind for due in publications.pending(conn, 1_000) if due.audio_sha256 == audio] == ["withdraw"]
    assert not withdrawn(conn, audio)  # the lock is free
