"""Replace the primary object of a recording if it leaves the bucket or gets other audio, or withdraw the recording.

A recording is published under its primary object. If that is gone, the oldest other object with the same audio replaces
it: immediately in the search, and through the queue in the ledger (nothing is computed again). If no other object has
the audio, the recording is withdrawn: it has no current transcript, but its versions stay in the catalog.
"""

from __future__ import annotations

from mediaindex.catalog.base.connection import Cursor
from mediaindex.catalog.base.rows import column
from mediaindex.catalog.base.sql_files import query
from mediaindex.catalog.transcripts import publications
from mediaindex.contract.states import ObjectState


def depart(cursor: Cursor, media_object_id: int) -> None:
    """Replace the object or withdraw its recordings, in the transaction that moves it to ``gone``. May be repeated."""
    cursor.execute(query("close_reviews"), {"id": media_object_id})
    cursor.execute(query("led_recordings"), {"id": media_object_id})
    for audio_sha256 in column(cursor):
        reason = f"media object {media_object_id} with the same audio is gone; this one takes its place"
        _leave(cursor, media_object_id, audio_sha256, reason)


def outgrow(cursor: Cursor, batch_id: int) -> None:
    """Replace the objects of a settled batch that now have other audio, in the recordings of their earlier audio."""
    cursor.execute(query("outgrown_recordings"), {"batch_id": batch_id})
    for media_object_id, audio_sha256 in cursor.fetchall():
        reason = f"media object {media_object_id} now has other audio; this one takes its place"
        _leave(cursor, media_object_id, audio_sha256, reason)


def withdraw(cursor: Cursor, audio_sha256: str) -> None:
    """Withdraw a recording whose audio no object has any more.

    The outbox deletes its documents. Loading the transcript again, if the audio returns, publishes it again.
    """
    cursor.execute("update transcript set is_current = false where audio_sha256 = %s and is_current", (audio_sha256,))
    publications.withdraw(cursor, audio_sha256)  # it also replaces publications that are still due


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
