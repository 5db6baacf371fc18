"""Prepare the servers before the services start. Runs at every `docker compose up`; changes nothing that exists."""

from __future__ import annotations

import subprocess

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.base.migrate import migrate
from mediaindex.orchestration import pools
from mediaindex.search import from_environment, prepare
from mediaindex.settings import ServerSettings, StorageSettings
from mediaindex.storage.client import s3_client

HERE = "Set it for this container."


def main() -> None:
    """Migrate databases; create pools, indexes and buckets."""
    subprocess.run(["airflow", "db", "migrate"], check=True)
    make_pools()
    with connect(ServerSettings.need("database_url", HERE)) as conn:
        migrate(conn)
    prepare(from_environment())
    make_buckets(StorageSettings.need("media_bucket", HERE), StorageSettings.need("artifacts_bucket", HERE))


def make_pools() -> None:
    """Create the pools that are missing; the slots of existing ones are the operator's."""
    existing = pools.existing()
    for name, (slots, description) in pools.needed().items():
        if name not in existing:
            subprocess.run(["airflow", "pools", "set", name, str(slots), description], check=True)


def make_buckets(*names: str) -> None:
    """Create the buckets that are missing."""
    client = s3_client()
    existing = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
    for name in names:
        if name not in existing:
            client.create_bucket(Bucket=name)


if __name__ == "__main__":
    main()
