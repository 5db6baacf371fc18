"""Reviews by people, and their audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import ReviewAction, ReviewKind
from mediaindex.errors import ErrorCode, TerminalError

PIPELINE = "pipeline"  # the actor if no person acted


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One open review; ``kind``: triage (before recognition) or assessment (of a transcript)."""

    id: int
    media_object_id: int
    kind: ReviewKind
    transcript_id: int | None
    reasons: tuple[str, ...]
    opened_at: datetime
    source: str
    bucket: str
    key: str
    audio_sha256: str | None


@dataclass(frozen=True, slots=True)
class ReviewEvent:
    """One entry of the audit log; ``action``: opened, changed or closed."""

    at: datetime
    actor: str
    action: ReviewAction
    details: dict[str, Any]


def file(
    conn: Connection,
    media_object_id: int,
    *,
    kind: ReviewKind,
    transcript_id: int | None = None,
    reasons: Sequence[str],
) -> int:
    """Open a review; its id. An open review of the same kind and object is updated instead."""
    values = {
        "media_object_id": media_object_id,
        "kind": kind,
        "transcript_id": transcript_id,
        "reasons": [storable.message(reason) for reason in reasons],
    }
    with transaction(conn) as cursor:
        cursor.execute(query("file_review"), values)
        if row := cursor.fetchone():
            id_, opened = row
            details = {"kind": kind, "transcript_id": transcript_id, "reasons": values["reasons"]}
            _audit(cursor, id_, PIPELINE, ReviewAction.OPENED if opened else ReviewAction.CHANGED, details)
            return int(id_)
        cursor.execute(
            "select id from review_item where media_object_id = %(media_object_id)s and kind = %(kind)s "
            "and closed_at is null",
            values,
        )
        return int(scalar(cursor) or 0)


def close(conn: Connection, review_id: int, *, actor: str, resolution: str) -> bool:
    """Close a review with its resolution; False if it is closed already. Raises TerminalError if it does not exist."""
    with transaction(conn) as cursor:
        cursor.execute(
            "update review_item set closed_at = now(), resolution = %s where id = %s and closed_at is null",
            (storable.message(resolution), review_id),
        )
        if cursor.rowcount:
            _audit(cursor, review_id, actor, ReviewAction.CLOSED, {"resolution": resolution})
            return True
        cursor.execute("select from review_item where id = %s", (review_id,))
        if cursor.fetchone() is None:
            raise TerminalError(f"review item {review_id} does not exist", code=ErrorCode.UNKNOWN_REVIEW)
        return False


def open_items(conn: Connection, source: str | None = None) -> list[ReviewItem]:
    """All open reviews, oldest first."""
    with transaction(conn) as cursor:
        cursor.execute(query("open_reviews"), {"source": source})
        return rows_as(cursor, ReviewItem)


def events(conn: Connection, review_id: int) -> list[ReviewEvent]:
    """The audit log of one review, oldest first."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select at, actor, action, details from review_event where review_id = %s order by id", (review_id,)
        )
        return rows_as(cursor, ReviewEvent)


def _audit(cursor: Cursor, review_id: int, actor: str, action: ReviewAction, details: dict[str, Any]) -> None:
    cursor.execute(
        "insert into review_event (review_id, actor, action, details) values (%s, %s, %s, %s)",
        (review_id, storable.text(actor), action, storable.document(details)),
    )
