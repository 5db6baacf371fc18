"""Record which DAGs are paused, for commands that reach the catalog and not Airflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import pauses
from mediaindex.config import sources
from mediaindex.config.retention import Retention
from mediaindex.contract.dags import EVENTS_DAG, INDEX_DAG, PODCASTS_DAG, PUBLISH_DAG, RETENTION_DAG, discover_dag

from . import connections
from .identity import airflow_id

if TYPE_CHECKING:
    from mediaindex.config.sources import Configuration

# By DAG id: whether it is paused; None if this Airflow does not have it, or does not tell.
IsPaused = Callable[[str], bool | None]


def note(is_paused: IsPaused) -> None:
    """Record for each DAG that the sources file needs whether it is paused in this Airflow."""
    configuration = sources.load(sources.path_from_environment())
    states = {dag_id: is_paused(dag_id) for dag_id in needed(configuration)}
    with connect(connections.database_url()) as conn:
        pauses.note(conn, airflow_id(conn), {dag_id: paused for dag_id, paused in states.items() if paused is not None})


def needed(configuration: Configuration) -> list[str]:
    """The DAGs without which something of the sources file does not happen."""
    dags = [*map(discover_dag, (source.name for source in configuration.sources)), *INDEX_DAG.values(), PUBLISH_DAG]
    if configuration.queues:
        dags.append(EVENTS_DAG)
    if any(source.feeds for source in configuration.sources):
        dags.append(PODCASTS_DAG)
    if any(source.retention != Retention() for source in configuration.sources):
        dags.append(RETENTION_DAG)
    return dags


def from_task(task_instance: Any) -> IsPaused:
    """Ask Airflow as a task may, which has no access to its database."""
    from airflow.sdk.exceptions import AirflowRuntimeError

    def is_paused(dag_id: str) -> bool | None:
        try:
            return bool(task_instance.get_dag(dag_id).is_paused)
        except AirflowRuntimeError:  # its file is not read yet
            return None

    return is_paused
