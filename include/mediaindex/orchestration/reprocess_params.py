"""The params of ``reprocess``, as its trigger form shows them. Imported while DAG files are parsed."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from mediaindex.config import sources
from mediaindex.contract.pipeline import STAGES
from mediaindex.contract.states import Lane

FROM = "Only recordings of this day and later"
TO = (
    "Only recordings of this day and earlier. The day of a recording is in its key, else in its feed, else the day on "
    "which the object was written (UTC)"
)
ENGINE = (
    "Only recordings whose latest run of the stage used a model or library whose name, version or sha256 contains "
    "this text, such as whisper-base"
)
RUN_BEFORE = (
    "Only recordings whose latest run of the stage (of any stage, if none is chosen) was before this time. Write the "
    "time of the change, and trigger the DAG until no recording is left"
)
LIMIT = "Take at most this many recordings; the next run takes the next ones"


def reprocess_params() -> dict[str, Param]:
    """The params by name; null or empty means no restriction. ``reprocessing.read`` reads their values."""
    names = [source.name for source in sources.load(sources.path_from_environment()).sources]
    chosen: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "examples": names}
    return {
        "sources": Param([], description="Only recordings of these sources; empty for all sources", **chosen),
        "from": _optional(FROM, format="date"),
        "to": _optional(TO, format="date"),
        "stage": _optional("Only recordings that have run this stage", enum=[None, *STAGES]),
        "engine": _optional(ENGINE),
        "run_before": _optional(RUN_BEFORE, format="date-time"),
        "language": _optional("Only recordings in this language, such as en", pattern="^[a-z]{2,3}$"),
        "limit": Param(500, type="integer", minimum=1, maximum=10_000, description=LIMIT),
        "lane": Param(
            Lane.BACKFILL.value,
            type="string",
            enum=[lane.value for lane in Lane],
            description="The lane whose slots the work uses",
        ),
        "dry_run": Param(False, type="boolean", description="Only log the number of matching recordings per source"),
    }


def _optional(description: str, **schema: Any) -> Param:
    return Param(None, type=["null", "string"], description=description, **schema)
