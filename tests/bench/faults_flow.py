"""Recordings on their way through a stack of servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from local.settings import MEDIA_BUCKET
from tests.bench.faults_recordings import Made
from tests.bench.faults_stack import Stack, rows
from tests.builders.waiting import until

DAGS = ("index_recordings", "sweep_ledger", "publish_outbox", "discover_trials")
SETTLED = {"indexed", "in_review", "duplicate", "quarantined", "gone"}
SETTLED_S = 1200.0
STATES = "select key, state from media_object where starts_with(key, %(prefix)s)"


@dataclass
class Flow:
    """``uploaded`` by key, all of them under ``prefix``; more come from ``source``."""

    stack: Stack
    prefix: str
    source: Iterator[Made]
    uploaded: dict[str, Made] = field(default_factory=dict)

    def states(self) -> dict[str, str]:
        """The ledger's, by key."""
        return dict(rows(self.stack.variables["MEDIAINDEX_DATABASE_URL"], STATES, {"prefix": self.prefix}))

    def open(self) -> list[str]:
        """Keys that have not reached an end."""
        states = self.states()
        return [key for key in self.uploaded if states.get(key) not in SETTLED]

    def feed(self, least: int) -> None:
        """Upload until ``least`` are on their way."""
        from mediaindex.storage.client import s3_client

        client = s3_client(variables=self.stack.variables)
        for _ in range(least - len(self.open())):
            made = next(self.source)
            key = f"{self.prefix}{made.path.name}"
            client.upload_file(str(made.path), MEDIA_BUCKET, key)
            self.uploaded[key] = made

    def unpause(self) -> None:
        """Let Airflow work."""
        airflow = self.stack.airflow()
        for dag in DAGS:
            until(lambda dag=dag: airflow.unpause(dag), 180, f"Airflow knows {dag}", 0.5)  # type: ignore[misc]
