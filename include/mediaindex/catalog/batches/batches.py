"""Batches of recordings: their remaining items, the decisions of triage, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, transaction
from mediaindex.catalog.base.rows import rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.pipeline import AFTER_TRIAGE, PASSED_BEFORE
from mediaindex.contract.states import Decision
from mediaindex.errors import ErrorCode, TerminalError

from .planning import PlannedBatch, due_sources, mark_started, plan, take_over, unstarted
from .settling import BatchSummary, finish

__all__ = [
    "BatchItem", "BatchSummary", "PlannedBatch", "due_sources", "finish", "items", "mark_started", "plan",
    "set_decision", "take_over", "unstarted",
]  # fmt: skip

_ON_THE_WAY = dict.fromkeys((*AFTER_TRIAGE, "load_transcripts"), Decision.TRANSCRIBE)
DECISION_BEFORE = _ON_THE_WAY | {"queue_for_review": Decision.REVIEW}


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One recording of a batch. ``upstream`` (fingerprints) and ``summaries`` by stage; ``decision``: None if unset."""

    media_object_id: int
    source: str
    bucket: str
    key: str
    etag: str
    version_id: str | None
    size: int
    last_modified: datetime
    audio_sha256: str | None
    upstream: dict[str, str]
    summaries: dict[str, dict[str, Any]]
    decision: Decision | None
    decision_reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name in messages."""
        return self.key


def items(conn: Connection, batch_id: int, *, stage: str | None = None) -> list[BatchItem]:
    """The batch's remaining items (not quarantined, duplicate or requeued), in order.

    With ``stage``, only those that are ready for it: they have passed the stages that it reads, and triage decided so.
    Raises TerminalError if ``stage`` is unknown.
    """
    if stage is not None and stage not in PASSED_BEFORE:
        raise TerminalError(
            f"unknown stage {stage!r}; valid stages: {', '.join(PASSED_BEFORE)}", code=ErrorCode.UNKNOWN_STAGE
        )
    wanted = {
        "batch_id": batch_id,
        "passed": list(PASSED_BEFORE[stage]) if stage else [],
        "decision": DECISION_BEFORE.get(stage) if stage else None,
    }
    with transaction(conn) as cursor:
        cursor.execute(query("batch_items"), wanted)
        return rows_as(cursor, BatchItem)


def set_decision(
    conn: Connection, batch_id: int, media_object_id: int, decision: Decision, reasons: Sequence[str] = ()
) -> None:
    """Set the decision of triage: ``transcribe`` or ``review``. A later decision replaces it.

    Raises TerminalError if the item is not in the batch.
    """
    with transaction(conn) as cursor:
        cursor.execute(
            "update batch_item set decision = %s, decision_reasons = %s::text[] "
            "where batch_id = %s and media_object_id = %s",
            (decision, [storable.text(reason) for reason in reasons], batch_id, media_object_id),
        )
        if cursor.rowcount == 0:
            raise TerminalError(f"media object {media_object_id}: not in batch {batch_id}", code=ErrorCode.UNKNOWN_ITEM)


def passed_stages(conn: Connection, source: str) -> dict[int, set[str]]:
    """The stages that each object of the source has passed in its current batch, by media object id."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select s.media_object_id, array_agg(s.stage) from batch_item_stage s "
            "join media_object o on o.id = s.media_object_id and o.batch_id = s.batch_id "
            "where o.source = %s group by s.media_object_id",
            (source,),
        )
        return {id_: set(stages) for id_, stages in cursor.fetchall()}


def current_transcript(conn: Connection, media_object_id: int) -> int | None:
    """Id of the current transcript of the object's audio, None if it has none."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select t.id from transcript t join media_object o using (audio_sha256) where o.id = %s and t.is_current",
            (media_object_id,),
        )
        return cast("int | None", scalar(cursor))
