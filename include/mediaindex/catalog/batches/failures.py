"""What a failure means for a recording: the end, another try later, or a question nobody can answer yet.

* terminal: the recording itself cannot be used. Quarantined at once.
* transient: the world was at fault. Back into the queue, later and later, many times.
* doubtful: nobody foresaw it: a crash, a hang, an error of ours. Back into the queue alone, a few times.

Whatever has failed too often is quarantined with its class, where ``mediaindex ledger dead-letters`` lists it. What has
a transcript or an open question from before is not: it goes back to that, see ``standing``.
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

# What S3 says of an object that was deleted or replaced after it was claimed: no fault of anybody.
_LEFT_THE_BUCKET = {ErrorCode.GONE: StateReason.GONE, ErrorCode.CHANGED: StateReason.REPLACED}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an item did not pass, and at which stage; None: the whole run failed."""

    code: ErrorCode
    message: str
    failure_class: FailureClass
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of failed items, by media object id: back in the queue, given up, or not in the bucket any more.

    ``kept``: given up, and back where they were before somebody asked for them again.
    """

    put_back: tuple[int, ...] = ()
    quarantined: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()


def of_item(error: ItemError, stage: str) -> Failure:
    """The failure that a stage reports."""
    return Failure(error.code, error.message, error.failure_class, stage)


def settle(conn: Connection, batch_id: int, failed: Mapping[int, Failure], policy: RetryPolicy) -> Fates:
    """``fail`` in a transaction of its own."""
    with transaction(conn) as cursor:
        return fail(cursor, batch_id, failed, policy)


def fail(cursor: Cursor, batch_id: int, failed: Mapping[int, Failure], policy: RetryPolicy) -> Fates:
    """Put each failed item of the batch where it belongs; those that have left the batch meanwhile stay as they are.

    One draw of the jitter for all of them: what failed together may go together again, apart from other batches.
    """
    cursor.execute(query("failing_objects"), {"ids": list(failed), "batch_id": batch_id})
    tried = {int(id_): int(attempts) + 1 for id_, attempts in cursor.fetchall()}
    draw = random.random()  # noqa: S311  # spreads load, guards nothing
    fates: dict[str, list[int]] = {"put_back": [], "quarantined": [], "gone": [], "kept": []}
    for id_, attempts in tried.items():
        fates[_one(cursor, id_, failed[id_], attempts, policy, draw)].append(id_)
    return Fates(*(tuple(ids) for ids in fates.values()))


def _one(cursor: Cursor, id_: int, failure: Failure, attempts: int, policy: RetryPolicy, draw: float) -> str:
    code, stage = failure.code, failure.stage
    if failure.failure_class == FailureClass.TERMINAL and code in _LEFT_THE_BUCKET:
        has = standing(cursor, id_)
        if has.shown and not has.has_heir:  # a copy would take its place in the search; without one it stays there
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
