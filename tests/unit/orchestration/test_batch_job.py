"""Settings of the configuration are passed to the speech process in its job."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

pytest.importorskip("airflow", reason="Airflow is in its own environment only")

from mediaindex.catalog.batches import batches
from mediaindex.catalog.batches.batches import PlannedBatch
from mediaindex.contract.states import Lane
from mediaindex.orchestration import batch_job, connections

CONFIGURATION = """\
sources: [{name: calls, bucket: my-calls}]
stages: {transcribe: {max_chunk: 20.0}}
recognisers: [parakeet-tdt-0.6b-v3, whisper-base]
models: [{name: ours, engine: nemo-ctc, languages: [en], path: /srv/ours.nemo}]
"""


def test_settings_recognisers_and_models_of_the_configuration_reach_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(CONFIGURATION, "utf-8")
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(path))
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", "artifacts")
    monkeypatch.setattr(connections, "database_url", lambda: "")
    monkeypatch.setattr(connections, "s3_environment", dict)
    monkeypatch.setattr(batch_job, "connect", lambda _url: nullcontext())
    monkeypatch.setattr(batches, "items", lambda _conn, _batch, stage: [])
    job = batch_job.speech_work(7, "transcribe").job
    assert job.settings == {"max_chunk": 20.0}
    assert job.recognisers == ("parakeet-tdt-0.6b-v3", "whisper-base")
    assert [model.name for model in job.models] == ["ours"]


def test_a_run_is_called_by_source_and_files() -> None:
    keys = ("in/ep-001.mp3", "in/ep-002.mp3", "in/e\x1bp.mp3")
    batch = PlannedBatch(2, "podcasts", Lane.FRESH, 12, 1, "cf6907cd2f2b", keys)
    assert batch_job.run_id(batch) == "podcasts_batch_2_cf6907cd2f2b"
    assert (
        batch_job.run_note(batch)
        == "podcasts: 12 files, ep-001.mp3, ep-002.mp3, e\N{REPLACEMENT CHARACTER}p.mp3 and 9 more"
    )
    alone = PlannedBatch(3, "calls", Lane.FRESH, 1, 1, "c", ("a.wav",))
    assert batch_job.run_note(alone) == "calls: 1 file, a.wav"


def test_a_note_is_short_enough_for_airflow() -> None:
    long = PlannedBatch(2, "s" * 64, Lane.FRESH, 500, 1, "c", ("a" * 1024,) * 3)
    assert len(batch_job.run_note(long)) <= 1_000
    assert len(batch_job.run_id(long)) <= 250
