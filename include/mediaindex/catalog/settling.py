"""The end of a batch: each item's last state, from what the catalog knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .connection import transaction
from .ledger import move
from .sql_files import query

if TYPE_CHECKING:
    from psycopg2.extensions import connection, cursor


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """How many ended how; ``unfinished`` are the objects that did not reach an end, and need the run again."""

    batch_id: int
    indexed: int
    in_review: int
    duplicate: int
    quarantined: int
    unfinished: tuple[int, ...]


class _Outcome(NamedTuple):
    id: int
    state: str
    published: bool  # its recording has a current transcript, and Elasticsearch holds it
    review_kinds: list[str] | None
    review_reasons: str | None


def finish(conn: connection, batch_id: int) -> BatchSummary:
    """Settle every item: ``indexed`` with a published transcript, ``in_review`` with an open question besides.

    Questions that this run answered are closed first. May be repeated. An item that is neither stays as it is, is
    named in ``unfinished`` and keeps the batch open.
    """
    with transaction(conn) as cursor:
        cursor.execute(query("superseded_reviews"), {"batch_id": batch_id})
        cursor.execute(query("batch_outcomes"), {"batch_id": batch_id})
        ends = [(one, _end(one)) for one in (_Outcome(*row) for row in cursor.fetchall())]
        for outcome, state in ends:
            if state is not None:
                _settle(cursor, outcome, state)
        unfinished = tuple(outcome.id for outcome, state in ends if state is None)
        if not unfinished:
            cursor.execute("update batch set finished_at = coalesce(finished_at, now()) where id = %s", (batch_id,))
    states = [state for _, state in ends]
    return BatchSummary(
        batch_id=batch_id,
        indexed=states.count("indexed"),
        in_review=states.count("in_review"),
        duplicate=states.count("duplicate"),
        quarantined=states.count("quarantined"),
        unfinished=unfinished,
    )


def _end(outcome: _Outcome) -> str | None:
    if outcome.state in ("duplicate", "quarantined", "gone"):
        return outcome.state
    kinds = outcome.review_kinds or []
    if "triage" in kinds or (kinds and outcome.published):
        return "in_review"
    return "indexed" if outcome.published else None


def _settle(cursor: cursor, outcome: _Outcome, state: str) -> None:
    if state == "in_review":
        code = f"review_{(outcome.review_kinds or [''])[-1]}"  # triage, where both are open
        move(cursor, outcome.id, state, code=code, reason=outcome.review_reasons, stage="finish")
    elif state != outcome.state:
        move(cursor, outcome.id, state, stage="finish")
