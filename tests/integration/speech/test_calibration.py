"""Calibration on real speech: fitted on half of the speakers, it holds for the other half."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mediaindex.engines.calibration.beta import fit
from mediaindex.errors import MediaindexError
from mediaindex.evaluation.conditions import CLEAN, CONDITIONS
from mediaindex.evaluation.manifest import Entry
from mediaindex.evaluation.raw_words import RawWord, raw_words, variants_of
from mediaindex.evaluation.verdicts import calibration_error, ranking
from mediaindex.models import locate
from mediaindex.models.calibrations.card import read_card
from mediaindex.runner.engines import Engines

SHARED = Path(__file__).parents[4] / "shared"
REFERENCES = SHARED / "data" / "wer" / "refs.jsonl"
MODEL = "stt-en-conformer-ctc-small"
EACH = 4  # utterances of a speaker
BOUND = 0.05

pytestmark = [
    pytest.mark.models,
    pytest.mark.shared,
    pytest.mark.skipif(
        not REFERENCES.is_file(), reason="the development data (../shared/data) is not beside the checkout"
    ),
]


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    """Some utterances of each speaker."""
    os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    try:
        locate(MODEL)
    except MediaindexError as error:
        pytest.skip(error.message)
    rows = [json.loads(line) for line in REFERENCES.read_text("utf-8").splitlines()]
    speakers = sorted({row["speaker"] for row in rows})
    chosen = [row for one in speakers for row in [row for row in rows if row["speaker"] == one][:EACH]]
    return [
        Entry(audio_filepath=REFERENCES.parent / row["file"], text=row["text"], lang="en", speaker=row["speaker"])
        for row in chosen
    ]


@pytest.fixture(scope="module")
def words(entries: list[Entry], tmp_path_factory: pytest.TempPathFactory) -> list[RawWord]:
    variants = variants_of(entries, CONDITIONS, CLEAN, tmp_path_factory.mktemp("variants"))
    engines = Engines()
    (conformer,) = (one for one in engines.raw_recognisers if one.name == MODEL)
    return raw_words(variants, conformer, engines, lambda _stage, _done, _total: None)


@pytest.mark.parametrize("condition", [CLEAN, *CONDITIONS])
def test_half_of_the_speakers_calibrate_the_other_half(words: list[RawWord], condition: str) -> None:
    speakers = sorted({word.group for word in words})
    known = set(speakers[::2])
    train = [word for word in words if word.group in known]
    test = [word for word in words if word.group not in known and word.condition == condition]
    calibration = fit([word.raw for word in train], [word.right for word in train])
    probabilities = [calibration.probability(word.raw) for word in test]
    right = [one for one, word in zip(probabilities, test, strict=True) if word.right]
    wrong = [one for one, word in zip(probabilities, test, strict=True) if not word.right]
    # A perfectly calibrated recogniser has an ECE above 0 on so few words; what chance alone does is allowed for.
    drawn = np.random.default_rng(0)
    chance = [_error_by_chance(probabilities, drawn) for _ in range(200)]
    error = calibration_error(right, wrong)
    assert error is not None
    assert error <= BOUND + float(np.quantile(chance, 0.95))
    # Measured: 0.85 to 0.92, of 38 to 63 wrong words; 0.5 is chance, and a few other words move it by 0.02.
    assert (ranking(right, wrong) or 0.0) > 0.75


def _error_by_chance(probabilities: list[float], drawn: np.random.Generator) -> float:
    outcome = drawn.random(len(probabilities)) < probabilities
    right = [one for one, good in zip(probabilities, outcome, strict=True) if good]
    wrong = [one for one, good in zip(probabilities, outcome, strict=True) if not good]
    return calibration_error(right, wrong) or 0.0


def test_the_command_writes_a_card_for_these_weights(entries: list[Entry], tmp_path: Path) -> None:
    manifest = tmp_path / "readers.jsonl"
    manifest.write_text("\n".join(entry.model_dump_json(exclude_none=True) for entry in entries))
    command = [Path(sys.executable).with_name("mediaindex"), "calibrate", manifest, "--model", MODEL]
    options = ["--no-degraded", "--folder", tmp_path]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / f"{MODEL}.json") in done.stdout
    card = read_card(tmp_path / f"{MODEL}.json")
    assert (card.model, card.weights) == (MODEL, locate(MODEL).sha256)
    assert (card.fitted.folds, card.fitted.folds_by, card.fitted.recordings) == (10, "speaker", len(entries))
    assert list(card.quality) == [CLEAN, "all"]


def test_recordings_without_a_language_are_one_line(tmp_path: Path) -> None:
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(json.dumps({"audio_filepath": str(REFERENCES), "text": "x"}))
    command = [Path(sys.executable).with_name("mediaindex"), "calibrate", manifest]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert (done.returncode, done.stdout) == (1, "")
    assert "recording 1 has no text or no lang" in done.stderr
    assert "Traceback" not in done.stderr
