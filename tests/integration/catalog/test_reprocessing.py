"""The recordings that a reprocessing request takes, once and in order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import clock
from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger, reprocessing
from mediaindex.catalog.ledger.reprocessing import Wanted
from mediaindex.catalog.transcripts import publications, reviews, transcripts
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.states import Decision, ItemStatus, Lane, ObjectState, ReviewKind
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers
Make = Callable[..., Any]
MARCH = datetime(2025, 3, 10, 23, 30, tzinfo=UTC)


@pytest.fixture
def indexed(conn: Any, source: str, passes: Make, assessed: Make, sha256: Make) -> Make:
    """Objects that were indexed, or wait for a person about their transcript; their ids."""

    def build(*keys: str, when: datetime = MARCH, question: bool = False) -> list[int]:
        objects = [ObjectVersion(source, key, key, None, 1_000, when) for key in keys]
        ids = [ledger.claim(conn, source, [one])[0].id for one in objects]  # one by one: in this order
        (batch_id,) = batches.plan(conn, source)
        for id_ in ids:
            audio = sha256()
            passes(batch_id, "normalize", {id_: audio})
            load(conn, passes, assessed, batch_id, id_, audio, question=question)
        publish(conn, batch_id)
        summary = batches.finish(conn, batch_id)
        assert summary.indexed + summary.in_review == len(keys)
        return ids

    return build


def load(
    conn: Any, passes: Make, assessed: Make, batch_id: int, id_: int, audio: str, *, question: bool = False
) -> int:
    passes(batch_id, "find_topics", {id_: audio})
    assessment, topics = assessed(needs_review=question)
    loaded = transcripts.load(
        conn, media_object_id=id_, audio_sha256=audio, assessment=assessment, topics=topics,
        fingerprint=f"find_topics-{id_}",
    )  # fmt: skip
    if question:
        reviews.file(conn, id_, kind=ReviewKind.ASSESSMENT, transcript_id=loaded, reasons=assessment.reasons)
    return loaded


def publish(conn: Any, batch_id: int) -> None:
    for due in publications.pending(conn, batch_id=batch_id):
        publications.mark_published(conn, due.id)


def ran(conn: Any, id_: int, stage: str, engine: str, **summary: Any) -> None:
    """The object's latest run of the stage, as a later batch would have recorded it."""
    with conn.cursor() as cursor:
        cursor.execute("select max(batch_id) from batch_item where media_object_id = %s", (id_,))
        (batch_id,) = cursor.fetchone()
    item = ItemResult(
        id=str(id_), status=ItemStatus.DONE, audio_sha256="a" * 64, fingerprint=engine, engine=engine, summary=summary
    )
    stage_runs.record(conn, batch_id, JobResult(stage=stage, items=(item,)))


def taken(conn: Any, source: str, run_id: str) -> list[int]:
    return [
        one.id for one in ledger.find(conn, source=source, states=[ObjectState.CLAIMED])
        if f"requested by {run_id}:" in str(one.reason)
    ]  # fmt: skip


def ask(conn: Any, source: str, run_id: str, *, limit: int = 100, **wanted: Any) -> list[int]:
    run_id = f"{source} {run_id}"
    reprocessing.ask(conn, run_id, Wanted([source], **wanted), limit=limit, lane=Lane.BACKFILL)
    return taken(conn, source, run_id)


def state(conn: Any, id_: int) -> tuple[str, str | None]:
    (one,) = ledger.find(conn, ids=[id_])
    return one.state, one.reason_code


def test_a_request_takes_finished_recordings_and_is_in_the_history(
    conn: Any, source: str, indexed: Make, batch: Make
) -> None:
    done, asked = indexed("done.wav"), indexed("asked.wav", question=True)
    _, (at_work, broken) = batch(2)
    ledger.set_state(conn, broken, ObjectState.QUARANTINED, code=ErrorCode.NO_AUDIO_STREAM, reason="silence")
    assert ask(conn, source, "first", stage="normalize") == [*done, *asked]
    assert state(conn, at_work) == ("claimed", None)
    last = ledger.history(conn, done[0])[-1]
    assert (last.from_state, last.to_state, last.code) == ("indexed", "claimed", "reprocess")
    assert str(last.reason) == f"requested by {source} first: source {source}; stage normalize"


def test_the_lane_is_that_of_the_request(conn: Any, source: str, indexed: Make) -> None:
    indexed("one.wav")
    ask(conn, source, "first")
    batches.plan(conn, source, lane=Lane.FRESH)
    assert [one.lane for one in batches.unstarted(conn, source)][-1] == "backfill"


def test_a_repeated_request_takes_nothing_more(conn: Any, source: str, indexed: Make) -> None:
    indexed("one.wav", "two.wav", "three.wav")
    wanted = Wanted([source])
    first = reprocessing.ask(conn, f"{source} r", wanted, limit=2, lane=Lane.FRESH)
    for one in taken(conn, source, f"{source} r"):
        ledger.set_state(conn, one, ObjectState.INDEXED)  # recomputed in the meantime
    assert reprocessing.ask(conn, f"{source} r", wanted, limit=2, lane=Lane.FRESH) == first == {source: 2}
    assert ledger.find(conn, source=source, states=[ObjectState.CLAIMED]) == []
    with pytest.raises(TerminalError, match="trigger a new run") as caught:
        reprocessing.ask(conn, f"{source} r", wanted, limit=3, lane=Lane.FRESH)
    assert caught.value.code == "other_request"


def test_the_next_request_takes_the_next_ones(conn: Any, source: str, indexed: Make) -> None:
    one, two, three = indexed("one.wav", "two.wav", "three.wav")
    took = []
    for run in ("first", "second", "third"):
        took.append(ask(conn, source, run, limit=2))
        for id_ in took[-1]:
            ledger.set_state(conn, id_, ObjectState.INDEXED)
    # The recordings taken longest ago, if no others are left.
    assert took == [[one, two], [one, three], [one, two]]


def test_counting_changes_nothing(conn: Any, source: str, indexed: Make) -> None:
    indexed("one.wav", "two.wav")
    assert reprocessing.matching(conn, Wanted([source])) == {source: 2}
    assert reprocessing.matching(conn, Wanted(["none such"])) == {}
    assert ledger.find(conn, source=source, states=[ObjectState.CLAIMED]) == []


@pytest.mark.parametrize(
    ("told", "takes"),
    [
        ({}, ["written on the 10th"]),
        ({"date": "2025-03-08"}, ["told"]),
        ({"date": "20250308"}, ["told"]),
        ({"date": "2025/03/08 talk"}, ["told"]),
        ({"date": "2025-13-45"}, ["written on the 10th"]),
        ({"date": "March"}, ["written on the 10th"]),
    ],
)
def test_the_day_of_a_recording_comes_from_its_key_or_its_time(
    conn: Any, source: str, indexed: Make, told: dict[str, str], takes: list[str]
) -> None:
    (one,) = indexed("one.wav")
    with conn.cursor() as cursor:
        cursor.execute("update media_object set metadata = %s where id = %s", (storable.document(told), one))
    days = {"told": date(2025, 3, 8), "written on the 10th": date(2025, 3, 10)}
    found = [name for name, day in days.items() if reprocessing.matching(conn, Wanted([source], first=day, last=day))]
    assert found == takes


def test_the_day_of_an_episode_is_its_publication(conn: Any, source: str, indexed: Make) -> None:
    (one,) = indexed("one.wav")
    with conn.cursor() as cursor:
        cursor.execute("insert into feed (source, url) values (%s, %s) returning id", (source, f"https://{source}"))
        cursor.execute(
            "insert into episode (feed_id, guid, guid_sha256, title, published_at, url, bucket, key) "
            "values (%s, 'g', %s, 't', '2019-05-05 01:00+00', 'u', %s, 'one.wav') returning id",
            (cursor.fetchone()[0], "a" * 64, source),
        )
        cursor.execute(
            "insert into episode_copy (episode_id, bucket, key, etag, size, url) "
            "values (%s, %s, 'one.wav', 'one.wav', 1, 'u')",
            (cursor.fetchone()[0], source),
        )
    day = date(2019, 5, 5)
    assert ask(conn, source, "first", first=day, last=day) == [one]


def test_only_recordings_that_the_engine_wrote_are_taken(conn: Any, source: str, indexed: Make) -> None:
    english, french, untouched = indexed("english.wav", "french.wav", "untouched.wav")
    both = "conformer-small nemo 3 sha256:ab; faster-whisper 1 whisper-base sha256:cd"
    ran(conn, english, "transcribe", both, recogniser="conformer-small")
    ran(conn, french, "transcribe", both, recogniser="whisper-base")
    for id_ in (english, french):
        ran(conn, id_, "diarize", "onnxruntime 1.30 sha256:ef")
    assert untouched not in ask(conn, source, "every run", stage="transcribe")
    for id_ in (english, french):
        ledger.set_state(conn, id_, ObjectState.INDEXED)
    assert ask(conn, source, "by name", stage="transcribe", engine="Whisper-Base") == [french]
    assert ask(conn, source, "by weights", stage="transcribe", engine="sha256:ab") == [english]
    for id_ in (english, french):
        ledger.set_state(conn, id_, ObjectState.INDEXED)
    ran(conn, english, "diarize", "onnxruntime 1.31 sha256:ef")  # the latest run counts
    assert ask(conn, source, "library", stage="diarize", engine="onnxruntime 1.30") == [french]


def test_recordings_processed_since_then_are_left_out(conn: Any, source: str, indexed: Make) -> None:
    old, new = indexed("old.wav", "new.wav")
    moment = clock(conn)
    ran(conn, new, "find_topics", "spacy")
    assert ask(conn, source, "early", stage="find_topics", run_before=moment - timedelta(hours=1)) == []
    assert ask(conn, source, "first", stage="find_topics", run_before=moment) == [old]
    ledger.set_state(conn, old, ObjectState.INDEXED)
    assert ask(conn, source, "again", stage="find_topics", run_before=moment) == []  # it has had its turn
    assert ask(conn, source, "whatever stage", run_before=moment) == [new]


def test_a_language_matches_any_turn(conn: Any, source: str, indexed: Make, batch: Make, passes: Make) -> None:
    (english,) = indexed("english.wav")
    batch_id, (noisy,) = batch(1)
    passes(batch_id, "normalize", {noisy: "b" * 64})
    passes(batch_id, "identify_language", {noisy: "b" * 64}, language="fr")
    batches.set_decision(conn, batch_id, noisy, Decision.REVIEW, ["noise"])
    reviews.file(conn, noisy, kind=ReviewKind.TRIAGE, reasons=["noise"])
    batches.finish(conn, batch_id)
    assert ask(conn, source, "english", language="en") == [english]
    assert ask(conn, source, "french", language="fr") == [noisy]


def test_expired_recordings_are_left_out(conn: Any, source: str, indexed: Make) -> None:
    whole, proxies, nothing = indexed("whole.wav", "proxies.wav", "nothing.wav")
    with conn.cursor() as cursor:
        cursor.execute("update media_object set media_removed_at = now() where id = any (%s)", ([proxies, nothing],))
        cursor.execute("update recording set proxies_removed_at = now() where primary_object_id = %s", (nothing,))
    assert ask(conn, source, "first") == [whole, proxies]
    assert state(conn, nothing) == ("indexed", None)


def test_a_duplicate_is_not_taken(conn: Any, source: str, indexed: Make, batch: Make, passes: Make) -> None:
    (one,) = indexed("one.wav")
    (known,) = ledger.find(conn, ids=[one])
    batch_id, (copy,) = batch(1)
    passes(batch_id, "normalize", {copy: str(known.audio_sha256)})
    batches.finish(conn, batch_id)
    assert state(conn, copy) == ("duplicate", "duplicate")
    assert ask(conn, source, "first") == [one]
