"""A batch of recordings that have passed every stage: artifacts are in S3, transcripts are not loaded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from mediaindex.catalog.batches import batches, stage_runs
from mediaindex.catalog.ledger import ledger
from mediaindex.contract import artifacts
from mediaindex.contract.job import ItemResult, JobResult
from mediaindex.contract.pipeline import STAGES
from mediaindex.contract.results import Recognition
from mediaindex.contract.states import Decision, ItemStatus
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.objects import ObjectVersion

from .recordings import OLD, USAGE, assessed


def passed_batch(conn: Any, store: S3ArtifactStore, bucket: str, names: Sequence[str]) -> int:
    """Create the batch and return its id. The source has the name of the bucket, the run is ``batch_{id}``."""
    listed = [ObjectVersion(bucket, f"{name}.mp3", "e", None, 1_000, OLD) for name in names]
    audios = {one.id: uuid.uuid4().hex * 2 for one in ledger.claim(conn, bucket, listed)}
    (batch_id,) = batches.plan(conn, bucket)
    for id_, audio in audios.items():
        _compute(store, id_, audio)
    for stage in STAGES:
        passed = tuple(_passed(id_, audio) for id_, audio in audios.items())
        stage_runs.record(conn, batch_id, JobResult(stage=stage, items=passed))
    for id_ in audios:
        batches.set_decision(conn, batch_id, id_, Decision.TRANSCRIBE)
    batches.take_over(conn, batch_id, "index_recordings", f"batch_{batch_id}")
    return batch_id


def _compute(store: S3ArtifactStore, id_: int, audio: str) -> None:
    assessment, topics = assessed("here is the weather", f"and number {id_}")
    store.put(audio, "assess", "f", artifacts.dump(assessment))
    store.put(audio, "find_topics", "f", artifacts.dump(topics))
    store.put(audio, "transcribe", "f", artifacts.dump(Recognition("en", "conformer", (), ())))


def _passed(id_: int, audio: str) -> ItemResult:
    return ItemResult(
        id=str(id_),
        status=ItemStatus.DONE,
        audio_sha256=audio,
        fingerprint="f",
        summary={"duration": 100.0},
        usage=USAGE,
    )
