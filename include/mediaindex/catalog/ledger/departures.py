"""When an object leaves the bucket, or gets other audio: who stands for its audio then, and what must leave the search.

A recording is published under its primary object. Where that is gone, the oldest other object with the same audio takes
its place, at once for the search and through the queue for the ledger (nothing is computed again). Where there is none,
the recording has no current transcript any more: that is ``withdrawn``, and its versions stay in the catalog.
"""

from __future__ import annotations

from mediaindex.catalog.base.connection import Cursor
from mediaindex.catalog.base.rows import column
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.transcripts import publications
from mediaindex.contract.states import ObjectState


def depart(cursor: Cursor, media_object_id: int) -> None:
    """Inside the transaction that makes the object ``gone``; may be repeated."""
    cursor.execute(query("close_reviews"), {"id": media_object_id})
    cursor.execute(query("led_recordings"), {"id": media_object_id})
    for audio_sha256 in column(cursor):
        reason = f"media object {media_object_id} with the same audio is gone; this one takes its place"
        _leave(cursor, media_object_id, audio_sha256, reason)


def outgrow(cursor: Cursor, batch_id: int) -> None:
    """Audio that objects of a settled batch had before, and that they are no longer to be found under."""
    cursor.execute(query("outgrown_recordings"), {"batch_id": batch_id})
    for media_object_id, audio_sha256 in cursor.fetchall():
        reason = f"media object {media_object_id} now has other audio; this one takes its place"
        _leave(cursor, media_object_id, audio_sha256, reason)


def withdraw(cursor: Cursor, audio_sha256: str) -> None:
    """The recording's transcript is no longer to be found: no object has its audio.

    The outbox takes its documents away. Loading the transcript again, when the audio comes back, publishes it again.
    """
    cursor.execute("update transcript set is_current = false where audio_sha256 = %s and is_current", (audio_sha256,))
    publications.withdraw(cursor, audio_sha256)  # newer than what was not published yet, which it settles too


def _leave(cursor: Cursor, media_object_id: int, audio_sha256: str, reason: str) -> None:
    facts = {"id": media_object_id, "audio_sha256": audio_sha256}
    cursor.execute(query("heir"), facts)
    if row := cursor.fetchone():
        heir, state = row
        _inherit(cursor, facts, heir, state, reason)
    else:
        withdraw(cursor, audio_sha256)


def _inherit(cursor: Cursor, facts: dict[str, object], heir: int, state: str, reason: str) -> None:
    cursor.execute("update recording set primary_object_id = %s where audio_sha256 = %s", (heir, facts["audio_sha256"]))
    cursor.execute(query("publish_again"), facts)
    if state == ObjectState.DUPLICATE:
        cursor.execute(query("promote"), {"heir": heir, "reason": reason})
