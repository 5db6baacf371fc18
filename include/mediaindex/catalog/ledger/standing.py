"""The earlier results of an object, which a failed reprocessing must not delete.

A recording in reprocessing keeps its transcript, in the catalog and in the search, until a run has loaded a newer one.
If no run can (the recording fails, is given up, or has left its bucket without normalised audio), it is restored to its
earlier state: ``indexed``, or ``in_review`` with the open review, and the reason.
"""

from __future__ import annotations

from typing import NamedTuple

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Cursor
from mediaindex.catalog.base.rows import rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import ObjectState, StateReason


class Standing(NamedTuple):
    """``shown``: its transcript is published; ``kinds`` and ``questions``: kinds and reasons of its open reviews."""

    shown: bool
    kinds: list[str] | None
    questions: str | None
    has_heir: bool

    @property
    def is_something(self) -> bool:
        """Whether it was finished before."""
        return self.shown or bool(self.kinds)


def standing(cursor: Cursor, media_object_id: int) -> Standing:
    """The current results of the object."""
    cursor.execute(query("standing"), {"id": media_object_id})
    (has,) = rows_as(cursor, Standing)
    return has


def keep(cursor: Cursor, media_object_id: int, has: Standing, why: str, stage: str | None) -> None:
    """Restore the object to its earlier state, out of its batch. ``why`` follows the reasons of open reviews."""
    state, code = ObjectState.INDEXED, StateReason.NOT_RENEWED
    reason = f"reprocessing failed, the earlier result is kept: {why}"
    if has.kinds:
        # triage if both are open, as at the end of a batch
        state, code = ObjectState.IN_REVIEW, StateReason.of_review(has.kinds[-1])
        reason = f"{has.questions}; {reason}"
    values = {"id": media_object_id, "state": state, "code": code, "reason": storable.message(reason), "stage": stage}
    cursor.execute(query("keep"), values)
