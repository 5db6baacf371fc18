"""Recordings by their audio, and the primary object of each.

The first object with an audio is its primary and stays so; every other object becomes ``duplicate`` after normalize has
computed its audio. A new object replaces the primary only if that is quarantined or gone, was replaced by the new
object under its own key, or now has other audio (because its normalize settings changed); what is already published is
then published again under the new object. Parallel objects are serialised by the lock on the row of the recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Cursor
from mediaindex.catalog.base.rows import rows_as
from mediaindex.catalog.base.sql_files import query
from mediaindex.contract.job import ItemResult
from mediaindex.contract.states import ObjectState, StateReason
from mediaindex.errors import ErrorCode, TerminalError

from .ledger import move


class _Primary(NamedTuple):
    """The primary object of a recording; ``lost``: it must be replaced."""

    id: int
    bucket: str
    key: str
    lost: bool


def link(cursor: Cursor, normalized: Mapping[int, ItemResult]) -> list[int]:
    """Link objects to their recordings in the caller's transaction; the ids of duplicates."""
    duplicates = []
    # Sorted by audio, because two batches with the same two recordings would otherwise deadlock.
    for id_, item in sorted(normalized.items(), key=lambda pair: (pair[1].audio_sha256 or "", pair[0])):
        if item.audio_sha256 is None:
            raise TerminalError(
                f"normalize of media object {id_}: audio_sha256 is missing in the result", code=ErrorCode.BAD_RESULT
            )
        if _is_duplicate(cursor, id_, item):
            duplicates.append(id_)
    return sorted(duplicates)


def _is_duplicate(cursor: Cursor, id_: int, item: ItemResult) -> bool:
    facts = _facts(id_, item)
    cursor.execute(query("link_recording"), facts)
    cursor.execute("select from recording where audio_sha256 = %(audio_sha256)s for update", facts)
    cursor.execute(query("primary_object"), facts)
    (primary,) = rows_as(cursor, _Primary)
    cursor.execute("update media_object set audio_sha256 = %(audio_sha256)s where id = %(id)s", facts)
    if primary.id == id_ or primary.lost:
        cursor.execute(
            "update recording set primary_object_id = %(id)s, duration_s = %(duration_s)s, title = %(title)s, "
            "facts = %(facts)s where audio_sha256 = %(audio_sha256)s",
            facts,
        )
        if primary.id != id_:
            cursor.execute(query("publish_again"), facts)
        return False
    reason = f"the same audio as s3://{primary.bucket}/{primary.key} (media object {primary.id})"
    move(cursor, id_, ObjectState.DUPLICATE, code=StateReason.DUPLICATE, reason=reason, stage="normalize")
    return True


def _facts(id_: int, item: ItemResult) -> dict[str, object]:
    title = item.summary.get("title")
    return {
        "id": id_,
        "audio_sha256": item.audio_sha256,
        "duration_s": item.summary.get("duration", item.usage.audio_s),
        "title": storable.text(str(title), limit=1_000) if title else None,
        "facts": storable.document(item.summary),
    }
