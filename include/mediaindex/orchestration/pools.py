"""The pools that tasks name, and those that Airflow has."""

from __future__ import annotations

import json
from importlib.resources import files

from mediaindex.upkeep import commands


def needed() -> dict[str, tuple[int, str]]:
    """Slots and description of each pool, by name; the slots are a beginning, and the operator's afterwards."""
    listed = json.loads((files(__package__) / "pools.json").read_text("utf-8"))
    return {name: (pool["slots"], pool["description"]) for name, pool in listed.items()}


def existing(airflow: str = "airflow") -> dict[str, int]:
    """Slots of the pools that Airflow has, by name. Raises ConfigError if its command line fails."""
    return {pool["pool"]: int(pool["slots"]) for pool in commands.rows([airflow, "pools", "list"])}
