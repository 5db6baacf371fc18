"""How many speech processes run at a time here, for those who cannot ask Airflow."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mediaindex.errors import ConfigError

VARIABLE = "MEDIAINDEX_SPEECH_SLOTS"
# What `make up` and the images give to Airflow. Who changed the pool there says so in the variable.
_POOLS = Path(__file__).parents[1] / "orchestration" / "pools.json"


def speech_slots() -> int:
    """MEDIAINDEX_SPEECH_SLOTS, else the slots of the pool that backfills work in; ConfigError for what is no number."""
    given = os.environ.get(VARIABLE)
    if not given:
        return _shipped(_POOLS)
    if not given.isdecimal() or int(given) < 1:
        raise ConfigError(f"{VARIABLE} is {given!r}; write a whole number from 1 on, as Airflow's pool has it")
    return int(given)


def _shipped(file: Path) -> int:
    pools = {name: pool["slots"] for name, pool in json.loads(file.read_text("utf-8")).items() if "speech" in name}
    backfill = [slots for name, slots in pools.items() if "backfill" in name]
    return int(sum(backfill) or sum(pools.values()))
