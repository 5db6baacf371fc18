"""The slowest S3 that is not reported as an outage fits into the time limit of a process."""

from __future__ import annotations

import math

import pytest

from mediaindex.catalog.batches.lengths import estimated_seconds
from mediaindex.orchestration.time_limits import START_S, limit_s
from mediaindex.runner.outage import MOST_FAILURES
from mediaindex.storage import client, pace

LONGEST_BACKOFF_S = 20.0  # botocore's
AT_ONCE = 2  # fewest recordings that a process works on in parallel
MB = 1 << 20


def test_an_unreachable_s3_is_reported_before_the_process_counts_as_stuck() -> None:
    waits = sum(min(LONGEST_BACKOFF_S, 2.0**n) for n in range(client.ATTEMPTS))
    per_recording = (client.ATTEMPTS + 1) * client.READ_SECONDS + waits
    assert math.ceil(MOST_FAILURES / AT_ONCE) * per_recording < START_S


@pytest.mark.parametrize("size", [MB, 8 * MB, 100 * MB, 4_000 * MB])
@pytest.mark.parametrize("key", ["a.wav", "a.mp3", "a.mp4"])
def test_the_slowest_download_ends_before_the_process_counts_as_stuck(key: str, size: int) -> None:
    connections = 4 if size > 8 * MB else 1
    seconds = size / (connections * pace.WINDOW_BYTES / pace.WINDOW_S)
    assert seconds < limit_s([estimated_seconds(key, size)])
