"""Measure the time to publish one hour of speech to Elasticsearch: ``python tests/bench/publish_hour.py``.

Needs MEDIAINDEX_ELASTICSEARCH_URL. The hour has 720 turns of 14 words, like a conversation. Exit status 1 if the bound
is exceeded.
"""

from __future__ import annotations

import random
import sys
import time
import uuid
from datetime import UTC, datetime

from mediaindex.catalog.transcripts.publications import PublishableTranscript, PublishableTurn
from mediaindex.search import Indexes, from_environment, prepare, publish

TURNS, WORDS, BOUND = 720, 14, 3.0  # the bound is in seconds


def hour() -> PublishableTranscript:
    """A transcript of random words from a vocabulary of 5 000, the same in each run."""
    rng = random.Random(1)
    vocabulary = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(5_000)]
    turns = []
    for index in range(TURNS):
        start = index * 5.0
        starts = tuple(start + place / 3 for place in range(WORDS))
        text = " ".join(rng.choices(vocabulary, k=WORDS))
        turn = PublishableTurn(
            index, start, start + 5, f"SPEAKER_{index % 2:02}", "en", text, 0.9, ("Berlin",), ("weather",), starts
        )
        turns.append(turn)
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return PublishableTranscript(
        "a" * 64, 1, 1, "bench", "media", "hour.mp3", "An hour", "en", "bench", 3600.0, 0.0, 3600.0, when, 0.9,
        needs_review=False, metadata={}, turns=tuple(turns),
    )  # fmt: skip


def main() -> int:
    """Measure and print. Returns the exit status."""
    client, indexes, transcript = from_environment(), Indexes(f"bench-{uuid.uuid4().hex[:8]}"), hour()
    prepare(client, indexes)
    try:
        began = time.perf_counter()
        written = publish(client, transcript, indexes)
        client.indices.refresh(index=indexes.turns)  # the time ends when the documents are searchable
        wall = time.perf_counter() - began
        found = client.count(index=indexes.turns)["count"]
    finally:
        for name in client.indices.get(index=f"{indexes.prefix}-*"):
            client.indices.delete(index=name)
        client.indices.delete_index_template(name=f"{indexes.prefix}-*")
        client.cluster.delete_component_template(name=f"{indexes.prefix}-*")
    if (written, found) != (TURNS, TURNS):
        raise SystemExit(f"{written} turns written, {found} found, {TURNS} expected")
    sys.stdout.write(f"publish one hour ({TURNS} turns): {wall:.2f} s, bound {BOUND:.0f} s, {wall / BOUND:.2f} of it\n")
    return int(wall > BOUND)


if __name__ == "__main__":
    sys.exit(main())
