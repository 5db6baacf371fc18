"""How far each object has come: for whoever watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .connection import transaction

if TYPE_CHECKING:
    from psycopg2.extensions import connection


def passed_stages(conn: connection, source: str) -> dict[int, set[str]]:
    """The stages that each object of the source has passed in its present batch, by media object id."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select s.media_object_id, array_agg(s.stage) from batch_item_stage s "
            "join media_object o on o.id = s.media_object_id and o.batch_id = s.batch_id "
            "where o.source = %s group by s.media_object_id",
            (source,),
        )
        return {id_: set(stages) for id_, stages in cursor.fetchall()}


def current_transcript(conn: connection, media_object_id: int) -> int | None:
    """Id of the transcript that an object's audio has now, None where it has none."""
    with transaction(conn) as cursor:
        cursor.execute(
            "select t.id from transcript t join media_object o using (audio_sha256) where o.id = %s and t.is_current",
            (media_object_id,),
        )
        row = cursor.fetchone()
        return int(row[0]) if row else None
