"""Measure the time to load the transcript of one hour into PostgreSQL: ``python tests/bench/catalog_load.py``.

Needs MEDIAINDEX_DATABASE_URL and the right to create a database, which is dropped at the end. Prints the median. Exit
status 1 if it exceeds the bound.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from datetime import UTC, datetime
from typing import Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import transcripts
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.results import Assessment, Mention, Topic, Topics
from mediaindex.contract.states import ItemStatus, TopicKind
from mediaindex.storage.objects import ObjectVersion
from mediaindex.timeline import Transcript, Turn, Word
from tests.builders.databases import migrated_database

WORDS, WORDS_PER_TURN = 10_000, 20
BUDGET_S = 2.0
ROUNDS = 5


def hour() -> tuple[Assessment, Topics]:
    """The transcript of an hour: two speakers, 10 000 words, 500 turns."""
    step = 3600 / WORDS
    words = [Word(n * step, n * step + step * 0.8, f"word{n % 977}", 0.9) for n in range(WORDS)]
    turns: list[Turn] = []
    for first in range(0, WORDS, WORDS_PER_TURN):
        part = tuple(words[first : first + WORDS_PER_TURN])
        turns.append(Turn(part[0].start, part[-1].end, f"SPEAKER_{len(turns) % 2:02}", "en", part))
    topics = tuple(
        Topic(TopicKind.PHRASE, f"topic {n}", None, tuple(Mention(t, turns[t].start) for t in range(n, len(turns), 40)))
        for n in range(40)
    )
    return Assessment(Transcript(0, 3600, "en", "bench", tuple(turns)), 0.9, 1.0, False), Topics(topics)


def measure(conn: Any) -> list[float]:
    """Seconds of each load; each is a new version of the transcript."""
    when = datetime(2025, 1, 1, tzinfo=UTC)
    (claimed,) = ledger.claim(conn, "bench", [ObjectVersion("bench", "hour.wav", "e", None, 1, when)])
    (batch_id,) = batches.plan(conn, "bench")
    sha256 = "0" * 64
    normalized = ItemResult(id=str(claimed.id), status=ItemStatus.DONE, audio_sha256=sha256, fingerprint="n")
    stage_runs.record(conn, batch_id, JobResult(stage="normalize", items=(normalized,)))
    assessment, topics = hour()
    took = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        transcripts.load(
            conn,
            media_object_id=claimed.id,
            audio_sha256=sha256,
            assessment=assessment,
            topics=topics,
            fingerprint=f"round {number}",
        )
        took.append(time.perf_counter() - start)
    return took


def main() -> int:
    """Measure and print. Returns the exit status."""
    for url in migrated_database(os.environ["MEDIAINDEX_DATABASE_URL"], "bench"):
        with connect(url) as conn:
            median = statistics.median(measure(conn))
    ratio = BUDGET_S / median
    sys.stdout.write(f"load of one hour ({WORDS} words): {median:.2f} s, {ratio:.1f} x faster than {BUDGET_S} s\n")
    return int(median > BUDGET_S)


if __name__ == "__main__":
    sys.exit(main())
