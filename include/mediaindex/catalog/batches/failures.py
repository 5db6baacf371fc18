"""The consequences of a failure for a recording, by failure class.

* terminal: the recording cannot be used. Quarantined immediately.
* transient: a cause outside the recording. Requeued many times, with growing waits.
* doubtful: an unexpected cause: a crash, a hang, a bug. Requeued alone, a few times.

A recording that has failed too often is quarantined with its class, and ``mediaindex ledger dead-letters`` lists it.
A recording with an earlier transcript or an open review is not quarantined but restored to it, see ``standing``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.ledger.ledger import move
from mediaindex.catalog.ledger.standing import keep, standing
from mediaindex.contract.job import ItemError
from mediaindex.contract.states import ObjectState, StateReason
from mediaindex.errors import ErrorCode, FailureClass

from .retry_policy import RetryPolicy

# The object was deleted or replaced after it was claimed, which is not a failure.
_LEFT_THE_BUCKET = {ErrorCode.GONE: StateReason.GONE, ErrorCode.CHANGED: StateReason.REPLACED}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item failed; ``stage``: None if the whole run failed."""

    code: ErrorCode
    message: str
    failure_class: FailureClass
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Fates:
    """The results for failed items, by media object id: requeued, quarantined, or no longer in the bucket.

    ``kept``: given up, but restored to the state before their reprocessing.
    """

    put_back: tuple[int, ...] = ()
    quarantined: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()


def of_item(error: ItemError, stage: str) -> Failure:
    """The failure that a stage reports."""
    return Failure(error.code, error.message, error.failure_class, stage)


def settle(conn: Connection, batch_id: int, failed: Mapping[int, Failure], policy: RetryPolicy) -> Fates:
    """``fail`` in its own transaction."""
    with transaction(conn) as cursor:
        return fail(cursor, batch_id, failed, policy)


def fail(cursor: Cursor, batch_id: int, failed: Mapping[int, Failure], policy: RetryPolicy) -> Fates:
    """Settle each failed item of the batch; items that have left the batch meanwhile do not change.

    All items get the same random wait: what failed together may be tried together again, apart from other batches.
    """
    cursor.execute(query("failing_objects"), {"ids": list(failed), "batch_id": batch_id})
    tried = {int(id_): int(attempts) + 1 for id_, attempts in cursor.fetchall()}
    draw = random.random()  # noqa: S311  # spreads load, guards nothing
    fates: dict[str, list[int]] = {"put_back": [], "quarantined": [], "gone": [], "kept": []}
    for id_, attempts in tried.items():
        fates[_fail_item(cursor, id_, failed[id_], attempts, policy, draw)].append(id_)
    return Fates(*(tuple(ids) for ids in fates.values()))


def _fail_item(cursor: Cursor, id_: int, failure: Failure, attempts: int, policy: RetryPolicy, draw: float) -> str:
    code, stage = failure.code, failure.stage
    if failure.failure_class == FailureClass.TERMINAL and code in _LEFT_THE_BUCKET:
        has = standing(cursor, id_)
        if has.shown and not has.has_heir:  # without a copy that replaces it, it stays in the search
            keep(cursor, id_, has, f"{code}: {failure.message}", stage)
            return "kept"
        move(cursor, id_, ObjectState.GONE, code=_LEFT_THE_BUCKET[code], reason=failure.message, stage=stage)
        return "gone"
    if attempts >= policy.attempts(failure.failure_class):
        tries = f"given up after {attempts} tries: " if attempts > 1 else ""
        return _give_up(cursor, id_, failure, tries + failure.message)
    values = {
        "id": id_,
        "attempts": attempts,
        "wait_s": policy.wait_s(attempts, draw),
        "code": storable.text(code),
        "message": storable.message(failure.message),
        "failure_class": failure.failure_class,
        "stage": stage,
    }
    cursor.execute(query("put_back"), values)
    return "put_back"


def _give_up(cursor: Cursor, id_: int, failure: Failure, reason: str) -> str:
    has = standing(cursor, id_)
    if has.is_something:
        keep(cursor, id_, has, f"{failure.code}: {reason}", failure.stage)
        return "kept"
    move(
        cursor,
        id_,
        ObjectState.QUARANTINED,
        code=failure.code,
        reason=reason,
        stage=failure.stage,
        reason_class=failure.failure_class,
    )
    return "quarantined"
