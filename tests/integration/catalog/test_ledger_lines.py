"""Lists of the ledger for users."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.ledger import lines as ledger_lines
from mediaindex.catalog.ledger import story as object_story
from mediaindex.catalog.ledger.lines import Wanted, like
from mediaindex.catalog.transcripts import reviews
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.states import ItemStatus, ObjectState, ReviewKind, StateReason
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.search.documents import link
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


def test_filters_and_counts(conn: Any, source: str, batch: Make, fails: Make) -> None:
    batch_id, objects = batch(5)
    fails(batch_id, "normalize", objects[0])
    fails(batch_id, "transcribe", objects[1])
    ledger.set_state(conn, objects[2], ObjectState.DUPLICATE)

    def ids(**wanted: Any) -> list[int]:
        return sorted(one.id for one in ledger_lines.lines(conn, Wanted(source=source, **wanted)))

    assert ids() == objects
    assert (
        ids(states=["quarantined"])
        == ids(code=ErrorCode.NO_AUDIO_STREAM)
        == ids(failure_class="terminal")
        == objects[:2]
    )
    assert ids(stage="transcribe") == [objects[1]]
    assert ids(failure_class="transient") == []
    assert ids(key_like=like("clip 0000?.w*")) == objects
    assert ids(key_like=like("clip 00004")) == ids(key_like=like("*4.wav")) == [objects[4]]
    assert ids(since=datetime.now(UTC) + timedelta(hours=1)) == []
    counts = ledger_lines.counts(conn, Wanted(source=source))
    assert list(counts.items()) == [("claimed", 2), ("duplicate", 1), ("quarantined", 2)]
    newest, *_ = ledger_lines.lines(conn, Wanted(source=source), limit=1)
    assert (newest.id, newest.batch_id) == (objects[2], batch_id)


@pytest.mark.parametrize(
    ("glob", "pattern"), [("calls/", "calls/%"), ("*.wav", "%.wav"), ("100%_a?", "100\\%\\_a_"), ("a\\b", "a\\\\b%")]
)
def test_a_glob_quotes_wildcards_of_sql(glob: str, pattern: str) -> None:
    assert like(glob) == pattern


def test_an_object_is_found_by_id_key_url_and_play_link(conn: Any, source: str) -> None:
    key = f"in/{source} #1 %.wav"
    (old,) = ledger.claim(conn, source, [ObjectVersion(source, key, "e1", None, 1, datetime(2025, 1, 1, tzinfo=UTC))])
    (new,) = ledger.claim(conn, source, [ObjectVersion(source, key, "e2", None, 1, datetime(2025, 1, 2, tzinfo=UTC))])
    for name in (key, f"s3://{source}/{key}", f"s3://{source}/{key}#t=11.716"):
        assert [one.id for one in ledger_lines.resolve(conn, name)] == [new.id, old.id]
    assert [one.id for one in ledger_lines.resolve(conn, link(source, key, 11.716))] == [new.id, old.id]
    assert [one.id for one in ledger_lines.resolve(conn, str(old.id))] == [old.id]
    with pytest.raises(TerminalError, match="not in the ledger"):
        ledger_lines.resolve(conn, "in/nothing.wav")


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (("in/a b.wav", "in/a%20b.wav"), "in/a%20b.wav"),  # the link of the first is the key of the second
        (("in/a b.wav", "in/a%20b.wav"), "in/a%20b.wav#t=3.5"),
        (("in/a.wav", "in/a.wav#t=3"), "in/a.wav#t=3"),
        (("in/a+ü.wav", "in/a%2B%C3%BC.wav"), "in/a%2B%C3%BC.wav"),
    ],
)
def test_a_name_of_two_objects_is_refused_with_a_name_for_each(
    conn: Any, source: str, keys: tuple[str, ...], name: str
) -> None:
    seen = [ObjectVersion(source, key, "e", None, 1, datetime(2025, 1, 1, tzinfo=UTC)) for key in keys]
    ids = sorted(one.id for one in ledger.claim(conn, source, seen))
    with pytest.raises(TerminalError, match="ambiguous") as refused:
        ledger_lines.resolve(conn, f"s3://{source}/{name}")
    assert refused.value.code == ErrorCode.AMBIGUOUS_NAME
    offered = re.findall(r"(s3://\S.*?) \(id (\d+)\)", refused.value.message.partition("one of these: ")[2])
    assert sorted(int(id_) for _, id_ in offered) == ids
    for other, id_ in offered:
        assert [one.id for one in ledger_lines.resolve(conn, other)] == [int(id_)]


@pytest.mark.parametrize(
    "key", ["in/a b.wav", "Äpfel (1)+2.wav", "100%.wav", "in/a%20b.wav", "in/x#t=3", "q?a=1&b#c.wav"]
)
def test_the_link_of_a_search_means_its_object(conn: Any, source: str, key: str) -> None:
    (claimed,) = ledger.claim(conn, source, [ObjectVersion(source, key, "e", None, 1, datetime.now(UTC))])
    for name in (link(source, key, 3.25), f"s3://{source}/{key}"):
        assert [one.id for one in ledger_lines.resolve(conn, name)] == [claimed.id], name


def test_a_number_that_is_an_id_and_a_key_is_refused(conn: Any, source: str) -> None:
    (first,) = ledger.claim(conn, source, [ObjectVersion(source, "in/1.wav", "e", None, 1, datetime.now(UTC))])
    ledger.claim(conn, source, [ObjectVersion(source, str(first.id), "e", None, 1, datetime.now(UTC))])
    with pytest.raises(TerminalError, match="ambiguous"):
        ledger_lines.resolve(conn, str(first.id))


def test_a_key_in_two_buckets_is_refused(conn: Any, source: str) -> None:
    for bucket in (source, f"{source}-2"):
        ledger.claim(conn, source, [ObjectVersion(bucket, f"in/{source}", "e", None, 1, datetime.now(UTC))])
    with pytest.raises(TerminalError, match=f"s3://{source}-2/in/{source}"):
        ledger_lines.resolve(conn, f"in/{source}")


def test_a_story_has_transitions_batches_runs_copies_and_reviews(
    conn: Any, source: str, batch: Make, passes: Make, sha256: Make
) -> None:
    batch_id, (one, copy) = batch(2)
    batches.take_over(conn, batch_id, "index_recordings", f"manual-{source}")
    audio = sha256()
    passes(batch_id, "normalize", {one: audio, copy: audio})
    reviews.file(conn, one, kind=ReviewKind.TRIAGE, reasons=["SNR 2 dB"])
    ledger_lines.act_as(conn, "a person")
    ledger.requeue(conn, one, in_progress=True, code=StateReason.REQUEUED, reason="by hand")
    (line,) = ledger_lines.lines(conn, Wanted(ids=[one]))
    story = object_story.tell(conn, line)
    assert [(move.to_state, move.code, move.actor, move.batch_id) for move in story.events] == [
        ("claimed", None, "mediaindex", None),
        ("claimed", "requeued", "a person", batch_id),
    ]
    assert [(b.id, b.dag_id, b.dag_run_id) for b in story.batches] == [
        (batch_id, "index_recordings", f"manual-{source}")
    ]
    assert [(run.stage, run.status, run.wall_s) for run in story.runs] == [("normalize", "done", 2.0)]
    assert [(other.id, other.state, other.same_audio, other.same_key) for other in story.relatives] == [
        (copy, "duplicate", True, False)
    ]
    assert [(review.kind, review.reasons, review.closed_at) for review in story.reviews] == [
        ("triage", ("SNR 2 dB",), None)
    ]


def test_warnings_of_the_latest_batch_are_in_the_list_and_can_be_asked_for(conn: Any, source: str, batch: Make) -> None:
    batch_id, (one, good, other) = batch(3)
    for stage, warnings in (("normalize", ["track 2 is left out", "truncated"]), ("diarize", ["not one speaker"])):
        summaries: dict[int, dict[str, Any]] = {one: {"warnings": warnings}, good: {"warnings": []}, other: {}}
        items = tuple(
            ItemResult(
                id=str(id_), status=ItemStatus.DONE, audio_sha256=uuid.uuid4().hex * 2, fingerprint="f", summary=summary
            )
            for id_, summary in summaries.items()
        )
        stage_runs.record(conn, batch_id, JobResult(stage=stage, items=items))
    lines = {line.id: line.warnings for line in ledger_lines.lines(conn, Wanted(source=source))}
    assert lines == {one: ("not one speaker", "track 2 is left out", "truncated"), good: (), other: ()}
    assert [line.id for line in ledger_lines.lines(conn, Wanted(source=source, warned=True))] == [one]
    assert sum(ledger_lines.counts(conn, Wanted(source=source, warned=True)).values()) == 1
