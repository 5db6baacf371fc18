"""What started a run: a schedule, a person, a backfill."""

from __future__ import annotations

from typing import Any


def kind_of(run: Any) -> str:
    """``scheduled``, ``manual``, ``backfill``, …; a template would give ``DagRunType.BACKFILL``."""
    return str(getattr(run.run_type, "value", run.run_type))
