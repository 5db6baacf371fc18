"""All stages over a file, without servers: a second run computes nothing, a changed setting only what depends on it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mediaindex.contract.job import FolderStore, Hints
from mediaindex.runner.engines import Engines
from mediaindex.runner.local import LocalRun, Outcome, items_of
from tests.builders import corpus

pytestmark = pytest.mark.models


class Lab:
    """Indexes one recording again and again in the same folder and notes what each stage did."""

    def __init__(self, folder: Path) -> None:
        self.recording = corpus.call(folder)
        self.store = FolderStore(path=str(folder / "artifacts"))
        self.engines = Engines()

    def index(self, settings: dict[str, dict[str, object]]) -> tuple[Outcome, dict[str, str]]:
        did: dict[str, str] = {}
        self.run = LocalRun(
            self.store, settings, self.engines, lambda stage, _item, result: did.update({stage: result.status})
        )
        (outcome,) = self.run.index(items_of([self.recording], Hints(languages=("en",))))
        return outcome, did


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    outcome, did = lab.index({})
    assert outcome.error is None
    assert set(did.values()) == {"done"}
    return lab


def test_a_second_run_computes_nothing(lab: Lab) -> None:
    outcome, did = lab.index({})
    assert set(did.values()) == {"cached"}
    found = lab.run.transcript(outcome)
    assert found is not None
    words = list(found[0].transcript.words)
    assert len(words) > 50  # measured: 85


def test_another_way_to_diarize_recomputes_the_diarizer_and_its_readers_only(lab: Lab) -> None:
    _, did = lab.index({"diarize": {"shortest_span": 0.2}})
    assert {stage for stage, status in did.items() if status == "done"} == {"diarize", "assess", "find_topics"}


def test_the_command_writes_three_files_and_one_line(lab: Lab, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("mediaindex")
    command = [
        str(program),
        "index",
        str(lab.recording),
        "--out",
        str(tmp_path),
        "--cache",
        lab.store.path,
        "--language",
        "en",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "real-time factor" in done.stdout.splitlines()[-1]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".srt", ".vtt"]
    assert json.loads((tmp_path / f"{lab.recording.stem}.json").read_text("utf-8"))["segments"]


def test_a_bad_file_is_one_clear_line_and_exit_code_1(tmp_path: Path) -> None:
    notes = tmp_path / "notes.mp3"
    notes.write_text("Dear listener, this is only text.\n" * 100)
    program = str(Path(sys.executable).with_name("mediaindex"))
    command = [program, "index", str(notes), "--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert "notes.mp3" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
