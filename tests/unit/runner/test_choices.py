from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.engines.nemo import torch as nemo_torch
from mediaindex.errors import ConfigError
from mediaindex.models import LocatedModel, load_registry
from mediaindex.runner.choices import MissingRecogniser, chosen, load, recogniser_of
from mediaindex.runner.engines import Engines
from mediaindex.settings import SpeechSettings

CTC, TRANSDUCER = "stt-en-conformer-ctc-large", "parakeet-tdt-0.6b-v3"


def names(*wanted: str) -> list[str]:
    return [entry.name for entry in chosen(wanted)]


def test_the_job_decides_then_the_environment_then_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_RECOGNISERS", raising=False)
    assert names() == list(SpeechSettings().recognisers)
    monkeypatch.setenv("MEDIAINDEX_RECOGNISERS", f"whisper-base, {CTC}")
    assert names() == ["whisper-base", CTC]
    assert names(CTC) == [CTC]


@pytest.mark.parametrize("wrong", ["wisper", "silero-vad"])
def test_what_is_no_recogniser_is_refused_with_a_list_of_those_there_are(wrong: str) -> None:
    with pytest.raises(ConfigError, match=f"{wrong}.*stt-en-conformer-ctc-small.*whisper-base"):
        chosen([wrong])


def test_the_same_one_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="twice"):
        chosen(["whisper-base", "whisper-base"])


def test_engines_recognise_with_what_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "parakeet-tdt-0.6b-v3.nemo").write_bytes(b"weights")
    found = Engines([TRANSDUCER, CTC]).raw_recognisers
    assert [one.name for one in found] == [TRANSDUCER, CTC]
    assert isinstance(found[0], nemo_torch.NemoTorch)
    assert {"de", "en"} <= found[0].languages


def test_weights_that_are_missing_are_told_of_only_when_they_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    found = recogniser_of(load_registry()[CTC])
    assert isinstance(found, MissingRecogniser)
    assert found.identity == f"missing {CTC}"


@pytest.mark.parametrize(
    ("name", "where", "kind"),
    [
        (CTC, "cpu", conformer_ctc.ConformerCtc),
        (CTC, "cuda", nemo_torch.NemoTorch),
        (TRANSDUCER, "cpu", nemo_torch.NemoTorch),
        (TRANSDUCER, "cuda", nemo_torch.NemoTorch),
    ],
)
def test_the_machine_decides_what_runs_a_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, where: str, kind: type
) -> None:
    monkeypatch.setenv("MEDIAINDEX_DEVICE", where)
    found = load(load_registry()[name], LocatedModel(name, tmp_path / "absent", "local", "ab" * 32, "MIT", ("en",)))
    assert isinstance(found, kind)
    assert "ab" * 32 in found.identity
    assert where in found.identity or kind is conformer_ctc.ConformerCtc
