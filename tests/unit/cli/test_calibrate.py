from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from mediaindex.cli import calibrate
from mediaindex.errors import ConfigError
from mediaindex.evaluation.raw_words import RawWord

WRONG = {"too-good": 3, "honest": 100}  # of 400 words


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two recognisers of one recording, of which one is hardly ever wrong."""
    recognisers = [SimpleNamespace(name=name, languages={"en"}, identity=name) for name in WRONG]

    def recognised_words(_takes: object, recogniser: SimpleNamespace, _engines: object) -> list[RawWord]:
        wrong = WRONG[recogniser.name]
        return [RawWord((at % 97) / 97, at >= wrong, f"s{at % 4}", "as it is") for at in range(400)]

    monkeypatch.setattr(calibrate, "_chosen", lambda *_: recognisers)
    monkeypatch.setattr(calibrate, "_recognised_words", recognised_words)
    monkeypatch.setattr("mediaindex.models.locate", lambda _name: SimpleNamespace(sha256="ab" * 32))
    (tmp_path / "a.wav").touch()
    path = tmp_path / "m.jsonl"
    path.write_text(json.dumps({"audio_filepath": "a.wav", "text": "hi", "lang": "en"}))
    return path


def test_a_recogniser_that_cannot_be_calibrated_does_not_stop_the_others(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        calibrate.calibrate(manifest, [], degraded=False, folder=tmp_path / "out", as_json=False)
    assert ended.value.exit_code == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["honest.json"]
    assert "too-good: 397 words are right and 3 wrong" in capsys.readouterr().err


def test_a_calibration_as_json_has_its_path_and_its_figures(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        calibrate.calibrate(manifest, [], degraded=False, folder=tmp_path / "out", as_json=True)
    (card,) = json.loads(capsys.readouterr().out)
    assert card["path"] == str(tmp_path / "out" / "honest.json")
    assert (card["model"], card["quality"]["all"]["words"]) == ("honest", 400)


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "_recognised_words", lambda *_: pytest.fail("recognition has begun"))
    with pytest.raises(ConfigError, match="cannot be written"):
        calibrate.calibrate(manifest, [], degraded=False, folder=tmp_path / "a.wav" / "out", as_json=False)
