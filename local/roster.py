"""All local servers, and the selection for a command."""

from __future__ import annotations

from collections.abc import Sequence

from local.airflow import ApiServer, DagProcessor, Scheduler, Triggerer
from local.elasticsearch import Elasticsearch
from local.postgres import Postgres
from local.s3 import S3
from local.server import Server
from local.site import Site
from local.sqs import Sqs
from mediaindex.errors import ConfigError

KINDS: tuple[type[Server], ...] = (Postgres, Elasticsearch, S3, Sqs, ApiServer, Scheduler, DagProcessor, Triggerer)
GROUPS = {"airflow": ("api-server", "scheduler", "dag-processor", "triggerer")}


def select(site: Site, names: Sequence[str], *, with_needs: bool = False) -> list[Server]:
    """The named servers, or all; with ``with_needs`` also the servers they need. The user's servers are left out."""
    kinds = {kind.name: kind for kind in KINDS}
    wanted = {part for name in names for part in GROUPS.get(name, (name,))} or set(kinds)
    unknown = wanted - set(kinds)
    if unknown:
        known = ", ".join([*kinds, *GROUPS])
        raise ConfigError(f"Unknown server {', '.join(sorted(unknown))}. Valid names: {known}.")
    if with_needs:
        wanted |= {need for name in wanted for need in kinds[name].needs}
    return [kind(site) for name, kind in kinds.items() if name in wanted and _is_local(site, name, wanted)]


def _is_local(site: Site, name: str, wanted: set[str]) -> bool:
    """Whether the server is started here. Airflow's metadata goes into a user's database only if the user sets one."""
    external = site.settings.external
    for_metadata = name == "postgres" and wanted & set(GROUPS["airflow"]) and "airflow-database" not in external
    return bool(for_metadata) or name not in external
