"""Recordings in a catalog with the rows that the pipeline writes: object, audio and transcript."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import transcripts
from mediaindex.contract.job import ItemResult, JobResult, Usage
from mediaindex.contract.results import Assessment, Mention, Topic, Topics, TurnText
from mediaindex.contract.states import ItemStatus, TopicKind
from mediaindex.storage.objects import ObjectVersion
from mediaindex.timeline import Transcript, Turn, Word

USAGE = Usage(wall_s=1, cpu_s=1, peak_mb=1, audio_s=100)
OLD = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An object in the ledger, its audio and its batch."""

    id: int
    audio: str
    bucket: str
    key: str
    batch_id: int


def audio_of(name: str) -> str:
    """The hash of the audio of the recording ``name``."""
    return uuid.uuid5(uuid.NAMESPACE_URL, name).hex * 2


def arrive(
    conn: Any,
    name: str,
    *,
    bucket: str = "",
    key: str = "",
    audio: str = "",
    etag: str = "etag",
    source: str = "",
    when: datetime = OLD,
) -> Recorded:
    """Claim the object ``name`` and normalise it; audio and key are derived from the name by default."""
    bucket, key, audio = bucket or f"bucket-{uuid.uuid4().hex[:8]}", key or f"{name}.mp3", audio or audio_of(name)
    source = source or bucket
    (claimed,) = ledger.claim(conn, source, [ObjectVersion(bucket, key, etag, None, 1000, when)])
    batches.plan(conn, source)  # the source may have recordings of other tests
    with transaction(conn) as cursor:
        cursor.execute("select batch_id from batch_item where media_object_id = %s", (claimed.id,))
        batch_id = scalar(cursor)
    result = ItemResult(
        id=str(claimed.id),
        status=ItemStatus.DONE,
        audio_sha256=audio,
        fingerprint="n",
        engine="ffmpeg",
        summary={"duration": 100.0, "title": f"The title of {name}"},
        usage=USAGE,
    )
    stage_runs.record(conn, batch_id, JobResult(stage="normalize", items=(result,)))
    return Recorded(claimed.id, audio, bucket, key, batch_id)


def transcribe(conn: Any, recorded: Recorded, *turns: str, speaker: str = "SPEAKER_00") -> int:
    """Load a transcript of these turns as the current one: one second per word, 100 seconds per turn."""
    fingerprint = uuid.uuid5(uuid.NAMESPACE_URL, repr(turns)).hex
    found = ItemResult(
        id=str(recorded.id), status=ItemStatus.DONE, audio_sha256=recorded.audio, fingerprint=fingerprint, usage=USAGE
    )
    stage_runs.record(conn, recorded.batch_id, JobResult(stage="find_topics", items=(found,)))
    assessment, topics = assessed(*turns, speaker=speaker, entity=f"Entity of {recorded.key}")
    return transcripts.load(
        conn,
        media_object_id=recorded.id,
        audio_sha256=recorded.audio,
        assessment=assessment,
        topics=topics,
        fingerprint=fingerprint,
    )


def assessed(*turns: str, speaker: str = "SPEAKER_00", entity: str = "New York") -> tuple[Assessment, Topics]:
    """A transcript of these turns and its topics, as the last stages write them."""
    topics = (Topic(TopicKind.ENTITY, entity, "ORG", (Mention(0, 0.0),)),) if turns else ()
    read = tuple(TurnText(text, tuple(range(len(text.split())))) for text in turns)
    return _assessment(turns, speaker), Topics(topics, read)


def _assessment(turns: tuple[str, ...], speaker: str) -> Assessment:
    said = []
    for number, text in enumerate(turns):
        words = tuple(
            Word(100.0 * number + at, 100.0 * number + at + 0.5, word, 0.9) for at, word in enumerate(text.split())
        )
        said.append(Turn(words[0].start, words[-1].end, speaker, "en", words))
    transcript = Transcript(0.0, 100.0 * len(turns), "en", "conformer", tuple(said), 0.9)
    return Assessment(transcript, transcript.confidence, 1.0, needs_review=False)
