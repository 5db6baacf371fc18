"""Settings of the configuration are passed to the speech process in its job."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

pytest.importorskip("airflow", reason="Airflow is in its own environment only")

from mediaindex.catalog.batches import batches
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
