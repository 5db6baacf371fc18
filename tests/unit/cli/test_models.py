from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mediaindex.cli.models import app
from mediaindex.models import load_registry, register


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A machine without models, except those inside installed packages."""
    monkeypatch.setenv("MEDIAINDEX_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("MEDIAINDEX_OFFLINE", "1")
    return CliRunner()


def test_list_shows_every_model(bare: CliRunner) -> None:
    shown = bare.invoke(app, ["list"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert all(name in shown.output for name in load_registry())


def test_check_reports_missing_models(bare: CliRunner) -> None:
    checked = bare.invoke(app, ["check"])
    assert checked.exit_code == 1
    assert "missing   model whisper-base" in checked.output
    assert "optional  model parakeet-tdt-0.6b-v3" in checked.output


def test_check_passes_with_the_model(bare: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "stt_en_conformer_ctc_small.nemo").write_bytes(b"weights")
    checked = bare.invoke(app, ["check", "stt-en-conformer-ctc-small"])
    assert (checked.exit_code, checked.output.split()[0]) == (0, "ok")


@pytest.mark.parametrize("command", ["check", "fetch"])
def test_an_unknown_name_is_an_error_without_a_traceback(bare: CliRunner, command: str) -> None:
    result = bare.invoke(app, [command, "wisper"])
    assert result.exit_code == 1
    assert "whisper-base" in result.output + result.stderr
    assert "Traceback" not in result.output


def test_the_recogniser_and_the_preferred_one_are_named_in_one_line(bare: CliRunner, tmp_path: Path) -> None:
    whisper = tmp_path / "models" / "ours"
    whisper.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "model.bin"):
        (whisper / name).write_bytes(b"{}")
    (tmp_path / "sources.yaml").write_text(
        "sources: []\nmodels: [{name: ours, engine: whisper, languages: [de, fr], path: ours}]\n"
        "recognisers: [stt-en-conformer-ctc-small, ours]\n"
    )
    said = bare.invoke(app, ["recognisers"], env={"MEDIAINDEX_CONFIG": str(tmp_path / "sources.yaml")})
    assert said.output == (
        f"recognised by ours (de fr; {whisper}); stt-en-conformer-ctc-small (en) is preferred, but not here: "
        "`mediaindex models fetch stt-en-conformer-ctc-small`\n"
    )
    register(())


def test_fetch_names_the_setting_that_forbids_it(bare: CliRunner) -> None:
    result = bare.invoke(app, ["fetch", "whisper-base"])
    assert result.exit_code == 1
    assert "MEDIAINDEX_OFFLINE" in result.output + result.stderr
