"""A temporary database on the real server, migrated once; each test has its own source and bucket names."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.job import ItemError, ItemResult, JobResult, Usage
from mediaindex.contract.results import Assessment, Mention, Topic, Topics, TurnText
from mediaindex.contract.states import ItemStatus, TopicKind
from mediaindex.errors import ErrorCode
from mediaindex.storage.objects import ObjectVersion
from mediaindex.timeline import Transcript, Turn, Word
from tests.builders.databases import migrated_database, throwaway_database


@pytest.fixture(scope="session")
def server_url() -> str:
    url = os.environ.get("MEDIAINDEX_DATABASE_URL")
    if not url:
        pytest.skip("MEDIAINDEX_DATABASE_URL is not set; `make up` starts a PostgreSQL")
    return url


@pytest.fixture
def empty_database(server_url: str) -> Iterator[str]:
    yield from throwaway_database(server_url)


@pytest.fixture(scope="session")
def database_url(server_url: str) -> Iterator[str]:
    yield from migrated_database(server_url)


@pytest.fixture
def conn(database_url: str) -> Iterator[Any]:
    with connect(database_url) as opened:
        yield opened


@pytest.fixture
def source() -> str:
    return f"source-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def sha256() -> Callable[[], str]:
    return lambda: uuid.uuid4().hex * 2


@pytest.fixture
def listed(source: str) -> Callable[..., list[ObjectVersion]]:
    """Objects as a listing names them; the bucket is the source's name."""

    def build(count: int = 1, *, size: int = 1_000, start: int = 0) -> list[ObjectVersion]:
        when = datetime(2025, 3, 1, tzinfo=UTC)
        return [
            ObjectVersion(source, f"clip {n:05}.wav", f"etag{n}", None, size, when) for n in range(start, start + count)
        ]

    return build


@pytest.fixture
def batch(conn: Any, source: str, listed: Callable[..., list[ObjectVersion]]) -> Callable[..., tuple[int, list[int]]]:
    """A planned batch of claimed objects: its id and theirs."""

    def build(count: int = 1, start: int = 0) -> tuple[int, list[int]]:
        ids = [one.id for one in ledger.claim(conn, source, listed(count, start=start))]
        (batch_id,) = batches.plan(conn, source, max_items=count)
        return batch_id, ids

    return build


@pytest.fixture
def passes(conn: Any) -> Callable[..., stage_runs.Recorded]:
    """Record that objects passed a stage."""

    def build(batch_id: int, stage: str, audio: dict[int, str], **summary: Any) -> stage_runs.Recorded:
        results = tuple(
            ItemResult(
                id=str(id_), status=ItemStatus.DONE, audio_sha256=sha256, fingerprint=f"{stage}-{id_}",
                engine=f"{stage} 1", summary=summary, usage=Usage(wall_s=2, cpu_s=1.5, peak_mb=100, audio_s=10),
            )
            for id_, sha256 in audio.items()
        )  # fmt: skip
        return stage_runs.record(conn, batch_id, JobResult(stage=stage, items=results))

    return build


@pytest.fixture
def fails(conn: Any) -> Callable[..., stage_runs.Recorded]:
    """Record that an object failed at a stage."""

    def build(batch_id: int, stage: str, id_: int, kind: Any = "terminal") -> stage_runs.Recorded:
        error = ItemError(
            failure_class=kind, code=ErrorCode.NO_AUDIO_STREAM, message="clip.wav: has no sound\x00; give one that has"
        )
        result = ItemResult(id=str(id_), status=ItemStatus.FAILED, error=error, usage=Usage(wall_s=1))
        return stage_runs.record(conn, batch_id, JobResult(stage=stage, items=(result,)))

    return build


@pytest.fixture
def assessed() -> Callable[..., tuple[Assessment, Topics]]:
    """A transcript of ``turns`` turns, ten words each, two speakers by turns, and its topics."""

    def build(turns: int = 2, *, needs_review: bool = False) -> tuple[Assessment, Topics]:
        said = tuple(_turn(index) for index in range(turns))
        transcript = Transcript(0.0, turns * 4.0 + 1, "en", "conformer", said, 0.9)
        assessment = Assessment(
            transcript, transcript.confidence, 0.97, needs_review, ("confidence 0.4",) * needs_review
        )
        mentions = tuple(Mention(index, said[index].start) for index in range(turns))
        topics = (
            Topic(TopicKind.ENTITY, "New York", "GPE", mentions),
            Topic(TopicKind.PHRASE, 'the "old" bridge', None, mentions[:1]),
        )
        return assessment, Topics(topics if turns else (), tuple(_as_read(turn) for turn in said))

    return build


def _as_read(turn: Turn) -> TurnText:
    return TurnText(turn.text.capitalize(), tuple(range(len(turn.words))))


def _turn(index: int) -> Turn:
    start = index * 4.0
    words = tuple(Word(start + n * 0.3, start + n * 0.3 + 0.2, f"w,{n}\\", 0.9) for n in range(10))
    return Turn(start, start + 4, f"SPEAKER_{index % 2:02}", "en", words)
