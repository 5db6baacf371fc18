"""Finish a batch: set the final state of each item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.departures import outgrow
from mediaindex.catalog.ledger.ledger import move
from mediaindex.contract.pipeline import LAST_STAGE
from mediaindex.contract.states import OUT_OF_BATCH, ObjectState, ReviewKind, StateReason

from .planning import unknown_batch


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """Numbers of items by final state; ``unfinished``: objects without a final state.

    ``unpublished``: those of them whose transcript is loaded and waits for Elasticsearch, so that no stage has to run
    again. The text is the reason why Elasticsearch refused it, empty before the first attempt.
    """

    batch_id: int
    indexed: int
    in_review: int
    duplicate: int
    quarantined: int
    unfinished: tuple[int, ...]
    unpublished: tuple[tuple[int, str], ...] = ()
    gone: int = 0


class _Outcome(NamedTuple):
    """``loaded``: this batch computed the current transcript; ``published``: Elasticsearch has it."""

    id: int
    state: ObjectState
    loaded: bool
    published: bool
    refused: str | None
    review_kinds: list[str] | None
    review_reasons: str | None


def finish(conn: Connection, batch_id: int) -> BatchSummary:
    """Settle every item: ``indexed`` if its transcript is published, ``in_review`` if it has an open review as well.

    Reviews that this run answered are closed first; older objects under the same keys become ``gone``. May be repeated.
    An item that is neither does not change, is named in ``unfinished`` and keeps the batch open. Raises TerminalError
    if the batch is unknown.
    """
    with transaction(conn) as cursor:
        cursor.execute("select from batch where id = %s for update", (batch_id,))
        if cursor.rowcount == 0:
            raise unknown_batch(batch_id)
        cursor.execute(query("superseded_reviews"), {"batch_id": batch_id})
        cursor.execute(query("batch_outcomes"), {"batch_id": batch_id, "last_stage": LAST_STAGE})
        ends = [(outcome, _end(outcome)) for outcome in rows_as(cursor, _Outcome)]
        for outcome, state in ends:
            if state is not None:
                _settle(cursor, outcome, state)
        replaced = _replace(cursor, batch_id)
        outgrow(cursor, batch_id)
        unfinished = [outcome for outcome, state in ends if state is None and outcome.id not in replaced]
        if not unfinished:
            cursor.execute("update batch set finished_at = coalesce(finished_at, now()) where id = %s", (batch_id,))
    states = [ObjectState.GONE if outcome.id in replaced else state for outcome, state in ends]
    return BatchSummary(
        batch_id=batch_id,
        indexed=states.count(ObjectState.INDEXED),
        in_review=states.count(ObjectState.IN_REVIEW),
        duplicate=states.count(ObjectState.DUPLICATE),
        quarantined=states.count(ObjectState.QUARANTINED),
        gone=states.count(ObjectState.GONE),
        unfinished=tuple(outcome.id for outcome in unfinished),
        unpublished=tuple((outcome.id, outcome.refused or "") for outcome in unfinished if outcome.loaded),
    )


def _end(outcome: _Outcome) -> ObjectState | None:
    if outcome.state in OUT_OF_BATCH:
        return outcome.state
    kinds = outcome.review_kinds or []
    if ReviewKind.TRIAGE in kinds or (kinds and outcome.published):
        return ObjectState.IN_REVIEW
    return ObjectState.INDEXED if outcome.published else None


def _settle(cursor: Cursor, outcome: _Outcome, state: ObjectState) -> None:
    if state == ObjectState.IN_REVIEW:
        code = StateReason.of_review((outcome.review_kinds or [""])[-1])  # triage if both are open
        move(cursor, outcome.id, state, code=code, reason=outcome.review_reasons, stage="finish")
    elif state != outcome.state:
        move(cursor, outcome.id, state, stage="finish")


def _replace(cursor: Cursor, batch_id: int) -> set[int]:
    """Move objects that were replaced by a newer one under the same key to ``gone``; their ids."""
    cursor.execute(query("replaced_objects"), {"batch_id": batch_id})
    replaced = cursor.fetchall()
    for id_, by in replaced:
        reason = f"replaced by a newer object under the same key (media object {by})"
        move(cursor, id_, ObjectState.GONE, code=StateReason.REPLACED, reason=reason, stage="finish")
    return {id_ for id_, _ in replaced}
