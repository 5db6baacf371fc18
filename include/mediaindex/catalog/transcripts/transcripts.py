"""Load transcripts into the catalog: one transaction, by COPY, versioned, never overwritten."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.results import Assessment, Topics, TurnText
from mediaindex.errors import ErrorCode, TerminalError

Row = tuple[Any, ...]

_COPY = {
    "turn": "transcript_id, turn_index, start_s, end_s, speaker, language, text, confidence",
    "word": "transcript_id, word_index, turn_index, start_s, end_s, text, confidence, speaker, shown",
    "topic": "transcript_id, topic_index, kind, text, label",
    "topic_mention": "transcript_id, topic_index, turn_index, start_s",
}


def load(
    conn: Connection,
    *,
    media_object_id: int,
    audio_sha256: str,
    assessment: Assessment,
    topics: Topics,
    fingerprint: str,
    fallback: str | None = None,
) -> int:
    """Load a transcript and make it the current one; its id.

    ``fingerprint`` identifies the computation: loading the same one again, even in parallel, gives the same id and
    writes nothing twice. A transcript that becomes current is added to the outbox in the same transaction. Raises
    TerminalError if the recording is unknown or the topics belong to another transcript.
    """
    with transaction(conn) as cursor:
        # One loader per recording at a time, so that versions are in order and the second finds the first's rows.
        cursor.execute("select from recording where audio_sha256 = %s for update", (audio_sha256,))
        if cursor.rowcount == 0:
            raise TerminalError(
                f"recording {audio_sha256}: not in the catalog; run normalize", code=ErrorCode.UNKNOWN_RECORDING
            )
        cursor.execute(
            "select id, is_current from transcript where audio_sha256 = %s and fingerprint = %s",
            (audio_sha256, fingerprint),
        )
        id_, is_current = cursor.fetchone() or (None, False)
        if id_ is None:
            head = _head(media_object_id, audio_sha256, assessment, fingerprint, fallback)
            cursor.execute(query("insert_transcript"), head)
            id_ = int(scalar(cursor))
            _copy_all(cursor, id_, assessment, topics)
        if not is_current:
            _make_current(cursor, id_, audio_sha256)
        return int(id_)


def _head(
    media_object_id: int, audio_sha256: str, assessment: Assessment, fingerprint: str, fallback: str | None
) -> dict[str, Any]:
    transcript = assessment.transcript
    return {
        "audio_sha256": audio_sha256,
        "media_object_id": media_object_id,
        "fingerprint": fingerprint,
        "start_s": transcript.start,
        "end_s": transcript.end,
        "language": transcript.language,
        "language_confidence": transcript.language_confidence,
        "recogniser": storable.text(transcript.recogniser),
        "fallback": storable.message(fallback),
        "confidence": transcript.confidence,
        "coverage": min(1.0, assessment.coverage),  # a ratio of sums of seconds may exceed 1 by rounding
        "needs_review": assessment.needs_review,
        "reasons": [storable.text(reason) for reason in assessment.reasons],
        "speakers": list(transcript.speakers),
        "turn_count": len(transcript.turns),
        "word_count": sum(1 for _ in transcript.words),
    }


def _copy_all(cursor: Cursor, id_: int, assessment: Assessment, topics: Topics) -> None:
    texts = _texts(assessment, topics)
    _copy(cursor, "turn", _turns(id_, assessment, texts))
    _copy(cursor, "word", _words(id_, assessment, texts))
    named = enumerate(topics.topics)
    _copy(cursor, "topic", ((id_, i, topic.kind, storable.text(topic.text), topic.label) for i, topic in named))
    mentions = ((i, mention) for i, topic in enumerate(topics.topics) for mention in topic.mentions)
    _copy(cursor, "topic_mention", ((id_, i, mention.turn, mention.start) for i, mention in mentions))


def _texts(assessment: Assessment, topics: Topics) -> Sequence[TurnText]:
    """The text of each turn; the recognised words if the topics have no texts."""
    turns = assessment.transcript.turns
    texts = topics.texts or tuple(
        TurnText.joined([word.text for word in turn.words], range(len(turn.words))) for turn in turns
    )
    if len(texts) != len(turns) or any(
        text.places[-1] >= len(turn.words) for text, turn in zip(texts, turns, strict=False)
    ):
        raise TerminalError(
            f"the topics of {len(texts)} turns do not fit the transcript of {len(turns)} turns: they are not of the "
            "same run",
            code=ErrorCode.TOPICS_MISMATCH,
        )
    return texts


def _turns(id_: int, assessment: Assessment, texts: Sequence[TurnText]) -> Iterator[Row]:
    for index, (turn, read) in enumerate(zip(assessment.transcript.turns, texts, strict=True)):
        text = storable.text(read.text)
        yield id_, index, turn.start, turn.end, turn.speaker, turn.language, text, turn.confidence


def _words(id_: int, assessment: Assessment, texts: Sequence[TurnText]) -> Iterator[Row]:
    index = 0
    for turn_index, (turn, read) in enumerate(zip(assessment.transcript.turns, texts, strict=True)):
        shown = frozenset(read.places)
        for place, word in enumerate(turn.words):
            text = storable.text(word.text)
            row = (id_, index, turn_index, word.start, word.end, text, word.confidence, word.speaker)
            yield *row, place in shown
            index += 1


def _copy(cursor: Cursor, table: str, rows: Iterable[Row]) -> None:
    buffer = io.StringIO()
    # QUOTE_NOTNULL is Python 3.12: until then an unquoted nothing is NULL, and no text of ours is empty.
    csv.writer(buffer).writerows(rows)
    buffer.seek(0)
    cursor.copy_expert(f"copy {table} ({_COPY[table]}) from stdin with (format csv)", buffer)


def _make_current(cursor: Cursor, id_: int, audio_sha256: str) -> None:
    cursor.execute("update transcript set is_current = false where audio_sha256 = %s and is_current", (audio_sha256,))
    cursor.execute("update transcript set is_current = true where id = %s", (id_,))
    cursor.execute("insert into publication (transcript_id, audio_sha256) values (%s, %s)", (id_, audio_sha256))
