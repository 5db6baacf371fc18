"""The time limit of a speech process; one that exceeds it counts as stuck."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediaindex.catalog.batches.batches import BatchItem

# Seconds for loading models from a cold disk, including the first export of a model.
START_S = 900.0
# Seconds of work per second of audio. On two cores every stage is much faster than real time; slow machines may not be.
WORK_PER_AUDIO = 4.0
# A backfill gets the CPU time that fresh work leaves over; beside a full load of fresh work this is enough for a batch.
BACKFILL_TIME_FACTOR = 4.0


def audio_seconds(items: Iterable[BatchItem]) -> dict[str, float]:
    """Seconds of audio of each item, by its id: measured by normalize; before that, estimated from its size."""
    return {str(item.media_object_id): _seconds(item) for item in items}


def limit_s(seconds: Iterable[float]) -> float:
    """The limit in seconds for recordings of these lengths in seconds."""
    return START_S + WORK_PER_AUDIO * sum(seconds)


def _seconds(item: BatchItem) -> float:
    from mediaindex.catalog.batches.lengths import estimated_seconds

    known = item.summaries.get("normalize", {}).get("duration")
    return float(known) if known else estimated_seconds(item.key, item.size)
