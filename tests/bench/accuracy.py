"""Accuracy of the pipeline on the development data: ``python tests/bench/accuracy.py``.

Three sets: the utterances concatenated to one long recording per speaker, with 0.5 s of silence between them; one clip
in each of seven languages; and every second utterance alone. Needs ../shared and the models. Exits with 1 if a bound is
missed. The shipped calibrations were fitted on these utterances, so that only their held-out figures are meaningful.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import soundfile

from mediaindex.evaluation.manifest import read_manifest
from mediaindex.evaluation.report import Report, ScoringRules
from mediaindex.evaluation.run import evaluate
from mediaindex.models import locate
from mediaindex.models.calibrations import find_card
from mediaindex.runner.engines import Engines

DATA = Path(__file__).parents[3] / "shared" / "data"
MODELS = ("stt-en-conformer-ctc-small", "whisper-base")
PAUSE = 0.5  # s between concatenated utterances
MOST_WER = 0.097  # of the long recordings, without the normaliser of the other figures, which unifies spelling
MOST_ECE = 0.05
EACH = 2  # every second utterance alone: short files take the most time, mostly for their language

Row = dict[str, Any]


def rows_of(index: Path) -> list[Row]:
    """The lines of an index of the development data, with NeMo's field names."""
    rows = [json.loads(line) for line in index.read_text("utf-8").splitlines()]
    return [
        {
            "audio_filepath": str(index.parent / row["file"]),
            "text": row["text"],
            "lang": row.get("language", "en"),
            "speaker": row.get("speaker"),
        }
        for row in rows
    ]


def concatenated(rows: Sequence[Row], folder: Path) -> Iterator[Row]:
    """One recording per speaker, as FLAC in ``folder``."""
    for speaker, group in groupby(sorted(rows, key=lambda row: row["speaker"]), key=lambda row: row["speaker"]):
        utterances = list(group)
        read = [soundfile.read(row["audio_filepath"], dtype="float32") for row in utterances]
        rate = read[0][1]
        silence = np.zeros(round(PAUSE * rate), np.float32)
        path = folder / f"speaker-{speaker}.flac"
        soundfile.write(path, np.concatenate([part for samples, _ in read for part in (samples, silence)]), rate)
        text = " ".join(row["text"] for row in utterances)
        yield {"audio_filepath": str(path), "text": text, "lang": "en", "speaker": speaker}


def plain_wer(rows: Sequence[Row], report: Report) -> float:
    """Word error rate of English in lower case without punctuation, as in tests/bench/recognition.py."""
    texts = ([row["text"] for row in rows], [file.said for file in report.files])
    if any(row["lang"] != "en" for row in rows):
        return float("nan")  # Japanese has no spaces: a sentence would be one word
    wanted, actual = ([" ".join(re.sub(r"[^\w\s']", " ", text.lower()).split()) for text in side] for side in texts)
    return float(jiwer.wer(wanted, actual))


def measured(name: str, rows: Sequence[Row], folder: Path, engines: Engines) -> tuple[Report, float]:
    """The report over a manifest of these rows, and the plain WER; prints a line."""
    manifest = folder / f"{name.replace(' ', '-')}.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    began = time.perf_counter()
    report = evaluate(name, read_manifest(manifest), engines, ScoringRules())
    metrics, took = report.all.metrics, time.perf_counter() - began
    plain = plain_wer(rows, report)
    shares = (100 * value for value in (plain, metrics["wer"], metrics["cer"], metrics["language"]))
    figures = "".join(f"{value:>10.2f}" for value in shares) + f"{metrics['ece']:>8.3f}{metrics['auroc']:>8.3f}"
    sys.stdout.write(f"{name:<18}{len(rows):>6}{figures}{took:>8.0f} s\n")
    sys.stdout.flush()
    return report, plain


def main() -> int:
    """Measure, print, judge."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    if not (DATA / "wer" / "refs.jsonl").is_file():
        sys.exit(f"{DATA} is not beside the checkout")
    os.environ.setdefault("MEDIAINDEX_MODELS", str(DATA.parent / "models"))
    engines, utterances = Engines(), rows_of(DATA / "wer" / "refs.jsonl")
    columns = "".join(f"{column:>10}" for column in ("plain WER", "WER", "CER", "language"))
    sys.stdout.write(f"{'':<18}{'files':>6}{columns}{'ECE':>8}{'AUROC':>8}{'took':>10}\n")
    with tempfile.TemporaryDirectory(prefix="mediaindex-accuracy-") as made:
        folder = Path(made)
        long, long_wer = measured("a file per speaker", list(concatenated(utterances, folder)), folder, engines)
        languages, _ = measured("seven languages", rows_of(DATA / "lid" / "labels.jsonl"), folder, engines)
        single, _ = measured("single utterances", utterances[::EACH], folder, engines)
    missed = []
    if long_wer > MOST_WER:
        missed.append(f"WER of long recordings is over {MOST_WER:.1%}")
    if languages.all.metrics["language"] < 1:
        missed.append("a language is wrong")
    missed += [
        f"ECE of {report.manifest} is over {MOST_ECE}"
        for report in (long, single)
        if report.all.metrics["ece"] > MOST_ECE
    ]
    return _judged(missed)


def _judged(missed: list[str]) -> int:
    for name in MODELS:
        card = find_card(locate(name))
        if card is None:
            missed.append(f"{name} has no calibration")
            continue
        for condition, quality in card.quality.items():
            sys.stdout.write(
                f"{name}, {condition}: ECE {quality.ece_cv:.3f} on other speakers (at most {MOST_ECE}), raw "
                f"{quality.ece_raw:.3f}, on other speakers in another condition {quality.ece_unseen}\n"
            )
            if quality.ece_cv > MOST_ECE:
                missed.append(f"ECE of {name}, {condition}, held out is over {MOST_ECE}")
    sys.stdout.write("\n".join(["MISSED", *missed] if missed else ["all bounds met"]) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
