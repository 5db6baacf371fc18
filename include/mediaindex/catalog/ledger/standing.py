"""What an object has from before, which an attempt that fails must not take away.

A recording that is made again keeps its transcript, in the catalog and in the search, until a run has loaded a newer
one. Where no run can (the recording fails, is given up, or has left its bucket and its normalised audio is not kept),
it goes back to where it was: ``indexed``, or ``in_review`` with the question that waits, and the reason why.
"""

from __future__ import annotations

from typing import NamedTuple

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Cursor
from mediaindex.catalog.base.rows import rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.states import ObjectState, StateReason


class Standing(NamedTuple):
    """``shown``: its transcript is to be found; ``kinds``: of open questions about it, and what they ask."""

    shown: bool
    kinds: list[str] | None
    questions: str | None
    has_heir: bool

    @property
    def is_something(self) -> bool:
        """Whether it has been to an end before."""
        return self.shown or bool(self.kinds)


def standing(cursor: Cursor, media_object_id: int) -> Standing:
    """What the object has now."""
    cursor.execute(query("standing"), {"id": media_object_id})
    (has,) = rows_as(cursor, Standing)
    return has


def keep(cursor: Cursor, media_object_id: int, has: Standing, why: str, stage: str | None) -> None:
    """Back to where it was, out of its batch. An open question stays the reason; ``why`` is said after it."""
    state, code = ObjectState.INDEXED, StateReason.NOT_RENEWED
    reason = f"what it had is kept, it could not be made again: {why}"
    if has.kinds:
        # triage, where both are open: as the end of a batch names it
        state, code = ObjectState.IN_REVIEW, StateReason.of_review(has.kinds[-1])
        reason = f"{has.questions}; {reason}"
    values = {"id": media_object_id, "state": state, "code": code, "reason": storable.message(reason), "stage": stage}
    cursor.execute(query("keep"), values)
