"""``mediaindex evaluate`` on real recordings: the figures are those of the files, and a second report compares."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.builders import corpus

pytestmark = pytest.mark.models


def evaluate(manifest: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("mediaindex"), "evaluate", manifest, *options]
    environment = os.environ | {"COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=500, env=environment)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A read sentence with one speaker, a French one of which a part is taken, and a file that is none."""
    folder = tmp_path_factory.mktemp("evaluation")
    english, french = corpus.readers()["austen"][0], corpus.languages()["fr"]
    (folder / "one.rttm").write_text("SPEAKER one 1 0.0 7.1 <NA> <NA> reader <NA> <NA>\n")
    (folder / "notes.mp3").write_text("Dear listener, this is only text.\n" * 100)
    lines: list[dict[str, Any]] = [
        {
            "audio_filepath": str(english.path),
            "text": english.text,
            "lang": "en",
            "rttm_filepath": "one.rttm",
        },
        {"audio_filepath": str(french.path), "lang": "fr", "offset": 0.5, "duration": 4.0},
        {"audio_filepath": "notes.mp3", "text": "dear listener", "lang": "en"},
    ]
    (folder / "m.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder / "m.jsonl"


def test_a_report_and_its_comparison(manifest: Path) -> None:
    report, cache = manifest.parent / "report.json", manifest.parent / "cache"
    first = evaluate(manifest, "--json", report, "--cache", cache)
    assert first.returncode == 0, first.stderr
    found = json.loads(report.read_text("utf-8"))
    english, french, notes = found["files"]
    # One sentence: that its words were counted, not how good the model is. Measured: none wrong.
    assert english["tallies"]["wer"]["whole"] == 22
    assert english["tallies"]["wer"]["part"] <= 4
    assert english["tallies"]["der"]["part"] < 0.5 * english["tallies"]["der"]["whole"]
    assert (french["audio_s"], french["tallies"]["language"]) == (4.0, {"part": 1.0, "whole": 1.0})
    assert (notes["status"], notes["tallies"]["wer"]) == ("quarantined", {"part": 2.0, "whole": 2.0})
    assert found["all"]["metrics"]["rtf"] > 0
    assert found["peak_mb"] > 100
    assert "collar 0 s" in first.stdout

    again = evaluate(manifest, "--cache", cache, "--compare", report)
    assert again.returncode == 0, again.stderr
    assert "results were cached" in again.stdout
    (row,) = (line for line in again.stdout.splitlines() if line.strip().startswith("WER %"))
    assert "same" in row


def test_a_wrong_manifest_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"text": "no recording"}')
    done = evaluate(tmp_path / "m.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert "line 1: audio_filepath" in done.stderr
    assert "Traceback" not in done.stderr
