"""How long a speech process may work before it counts as stuck."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediaindex.catalog.batches.batches import BatchItem

# Loading models from a cold disk, and an export of one that is done once.
START_S = 900.0
# Seconds of work for one of audio. No stage of ours comes near real time on two cores; a slow machine may.
WORK_PER_AUDIO = 4.0
# A backfill computes with what fresh work leaves over; beside a machine full of it, this is enough for a batch.
BACKFILL_TIME_FACTOR = 4.0


def audio_seconds(items: Iterable[BatchItem]) -> dict[str, float]:
    """Length of each item by its id: as normalize found it, before that by its size."""
    return {str(item.media_object_id): _seconds(item) for item in items}


def limit_s(seconds: Iterable[float]) -> float:
    """For recordings of these lengths."""
    return START_S + WORK_PER_AUDIO * sum(seconds)


def _seconds(item: BatchItem) -> float:
    from mediaindex.catalog.batches.planning import estimated_seconds

    known = item.summaries.get("normalize", {}).get("duration")
    return float(known) if known else estimated_seconds(item.key, item.size)
