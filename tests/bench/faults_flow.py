"""Recordings that are indexed by a stack of servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from local.settings import MEDIA_BUCKET
from tests.bench.faults_stack import Stack, rows
from tests.builders.waiting import until

DAGS = ("index_recordings", "sweep_ledger", "publish_outbox", "discover_trials")
SETTLED = {"indexed", "in_review", "duplicate", "quarantined", "gone"}
SETTLED_S = 1200.0
STATES = "select key, state from media_object where starts_with(key, %(prefix)s)"


@dataclass
class Flow:
    """``uploaded``: keys of the recordings, all under ``prefix``; ``source`` yields further ones."""

    stack: Stack
    prefix: str
    source: Iterator[Path]
    uploaded: list[str] = field(default_factory=list)

    def states(self) -> dict[str, str]:
        """State in the ledger by key."""
        return dict(rows(self.stack.variables["MEDIAINDEX_DATABASE_URL"], STATES, {"prefix": self.prefix}))

    def open(self) -> list[str]:
        """Keys of recordings without a final state."""
        states = self.states()
        return [key for key in self.uploaded if states.get(key) not in SETTLED]

    def feed(self, count: int) -> None:
        """Upload recordings until ``count`` have no final state."""
        from mediaindex.storage.client import s3_client

        client = s3_client(variables=self.stack.variables)
        for _ in range(count - len(self.open())):
            path = next(self.source)
            key = f"{self.prefix}{path.name}"
            client.upload_file(str(path), MEDIA_BUCKET, key)
            self.uploaded.append(key)

    def unpause(self) -> None:
        """Unpause the DAGs."""
        airflow = self.stack.airflow()
        for dag in DAGS:
            until(lambda dag=dag: airflow.unpause(dag), 180, f"Airflow knows {dag}", 0.5)  # type: ignore[misc]
