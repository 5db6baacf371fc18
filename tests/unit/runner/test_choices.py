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


def test_the_job_goes_before_the_environment_and_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_RECOGNISERS", raising=False)
    assert names() == list(SpeechSettings().recognisers)
    monkeypatch.setenv("MEDIAINDEX_RECOGNISERS", f"whisper-base, {CTC}")
    assert names() == ["whisper-base", CTC]
    assert names(CTC) == [CTC]


@pytest.mark.parametrize("wrong", ["wisper", "silero-vad"])
def test_an_unknown_recogniser_is_refused_with_the_valid_names(wrong: str) -> None:
    with pytest.raises(ConfigError, match=f"{wrong}.*stt-en-conformer-ctc-small.*whisper-base"):
        chosen([wrong])


def test_a_recogniser_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="twice"):
        chosen(["whisper-base", "whisper-base"])


def test_engines_use_the_given_recognisers_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "parakeet-tdt-0.6b-v3.nemo").write_bytes(b"weights")
    recognisers = Engines([TRANSDUCER, CTC]).raw_recognisers
    assert [recogniser.name for recogniser in recognisers] == [TRANSDUCER, CTC]
    assert isinstance(recognisers[0], nemo_torch.NemoTorch)
    assert {"de", "en"} <= recognisers[0].languages


def test_missing_weights_are_reported_only_when_they_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    recogniser = recogniser_of(load_registry()[CTC])
    assert isinstance(recogniser, MissingRecogniser)
    assert recogniser.identity == f"missing {CTC}"


@pytest.mark.parametrize(
    ("name", "device", "kind"),
    [
        (CTC, "cpu", conformer_ctc.ConformerCtc),
        (CTC, "cuda", nemo_torch.NemoTorch),
        (TRANSDUCER, "cpu", nemo_torch.NemoTorch),
        (TRANSDUCER, "cuda", nemo_torch.NemoTorch),
    ],
)
def test_the_device_decides_which_engine_runs_a_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, device: str, kind: type
) -> None:
    monkeypatch.setenv("MEDIAINDEX_DEVICE", device)
    located = LocatedModel(name, tmp_path / "absent", "local", "ab" * 32, "MIT", ("en",))
    recogniser = load(load_registry()[name], located)
    assert isinstance(recogniser, kind)
    assert "ab" * 32 in recogniser.identity
    assert device in recogniser.identity or kind is conformer_ctc.ConformerCtc
