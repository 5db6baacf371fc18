"""The id of this Airflow, by which the catalog tells its runs from those of other Airflows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from mediaindex.catalog.batches import airflows
from mediaindex.catalog.ledger import sources
from mediaindex.errors import ConfigError

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.config.sources import Configuration

VARIABLE = "mediaindex_airflow_id"
_MEANING = "The id of this Airflow in the catalog of mediaindex. Delete it in a copy of the metadata database."


def airflow_id(conn: Connection) -> str:
    """The id, from an Airflow variable that the first task sets. Records that this Airflow uses the catalog.

    Raises ConfigError if the variable is not a UUID.
    """
    from airflow.sdk import Variable

    text = Variable.get(VARIABLE, default=None)
    if text is None:
        with airflows.registration(conn):
            text = Variable.get(VARIABLE, default=None)
            if text is None:
                text = str(uuid.uuid4())
                Variable.set(VARIABLE, text, description=_MEANING)
    try:
        known = str(uuid.UUID(text))
    except ValueError as error:
        raise ConfigError(
            f"the Airflow variable {VARIABLE} is not a UUID; delete it, and a task makes another"
        ) from error
    airflows.seen(conn, known)
    return known


def note_sources(conn: Connection, configuration: Configuration) -> None:
    """Record which sources this Airflow configures now, and where."""
    places = {source.name: (source.bucket, source.literal_prefix) for source in configuration.sources}
    sources.note_configured(conn, airflow_id(conn), places)
