"""What ``reprocess`` may be asked for, as its trigger form shows it. Read while DAG files are parsed."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from mediaindex.config import sources
from mediaindex.contract.pipeline import STAGES
from mediaindex.contract.states import Lane

FROM = "Only recordings of this day and later"
TO = (
    "Only recordings of this day and earlier. A recording's day is what its key tells, else its feed, else when the "
    "object was written (UTC)"
)
ENGINE = (
    "Only recordings whose latest run of the stage used a model or library whose name, version or sha256 contains "
    "this: whisper-base"
)
RUN_BEFORE = (
    "Only recordings whose latest run of the stage (of any, where none is named) was before this moment. Give the "
    "moment of the change, and ask again until nothing is left"
)
LIMIT = "At most so many; the next run takes the next ones"


def reprocess_params() -> dict[str, Param]:
    """One a choice; what is null or empty asks for nothing. ``reprocessing.read`` takes them."""
    names = [one.name for one in sources.load(sources.path_from_environment()).sources]
    chosen: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "examples": names}
    return {
        "sources": Param([], description="Only of these sources; empty: of all", **chosen),
        "from": _may(FROM, format="date"),
        "to": _may(TO, format="date"),
        "stage": _may("Only recordings that have run this stage", enum=[None, *STAGES]),
        "engine": _may(ENGINE),
        "run_before": _may(RUN_BEFORE, format="date-time"),
        "language": _may("Only recordings in which this is spoken: en", pattern="^[a-z]{2,3}$"),
        "limit": Param(500, type="integer", minimum=1, maximum=10_000, description=LIMIT),
        "lane": Param(
            Lane.BACKFILL.value,
            type="string",
            enum=[one.value for one in Lane],
            description="Whose slots the work takes",
        ),
        "dry_run": Param(False, type="boolean", description="Only log how many of which source there are"),
    }


def _may(description: str, **schema: Any) -> Param:
    """A text that may be left out."""
    return Param(None, type=["null", "string"], description=description, **schema)
