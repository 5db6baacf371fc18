"""How right the shipped pipeline is on the development data: ``python tests/bench/accuracy.py``.

Three sets: the utterances put together to one long recording a speaker, 0.5 s of silence between them; one clip in each
of seven languages; and every second utterance by itself. Needs ../shared and the models. Exits with 1 where a bound is
missed. The calibrations that ship were fitted on these very utterances: the figure that counts is the one held out.
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
PAUSE = 0.5  # s between utterances that are put together
MOST_WER = 0.097  # of the long recordings, by the plain rule: the normaliser of the other figures forgives spelling
MOST_ECE = 0.05
EACH = 2  # every second utterance by itself: short files cost most, their languages most of all

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


def put_together(rows: Sequence[Row], folder: Path) -> Iterator[Row]:
    """One recording a speaker, as FLAC in ``folder``."""
    for speaker, group in groupby(sorted(rows, key=lambda row: row["speaker"]), key=lambda row: row["speaker"]):
        some = list(group)
        read = [soundfile.read(row["audio_filepath"], dtype="float32") for row in some]
        rate = read[0][1]
        silence = np.zeros(round(PAUSE * rate), np.float32)
        path = folder / f"speaker-{speaker}.flac"
        soundfile.write(path, np.concatenate([part for samples, _ in read for part in (samples, silence)]), rate)
        text = " ".join(row["text"] for row in some)
        yield {"audio_filepath": str(path), "text": text, "lang": "en", "speaker": speaker}


def plain_wer(rows: Sequence[Row], report: Report) -> float:
    """Word error rate of English in lower case without punctuation, as tests/bench/recognition.py counts."""
    texts = ([row["text"] for row in rows], [file.said for file in report.files])
    if any(row["lang"] != "en" for row in rows):
        return float("nan")  # Japanese has no spaces: its sentence would be one word
    wanted, said = ([" ".join(re.sub(r"[^\w\s']", " ", one.lower()).split()) for one in some] for some in texts)
    return float(jiwer.wer(wanted, said))


def measured(name: str, rows: Sequence[Row], folder: Path, engines: Engines) -> tuple[Report, float]:
    """The report over a manifest of these rows, and the plain WER; prints a line."""
    manifest = folder / f"{name.replace(' ', '-')}.jsonl"
    manifest.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    began = time.perf_counter()
    report = evaluate(name, read_manifest(manifest), engines, ScoringRules())
    found, took = report.all.metrics, time.perf_counter() - began
    plain = plain_wer(rows, report)
    shares = (100 * value for value in (plain, found["wer"], found["cer"], found["language"]))
    figures = "".join(f"{value:>10.2f}" for value in shares) + f"{found['ece']:>8.3f}{found['auroc']:>8.3f}"
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
    columns = "".join(f"{one:>10}" for one in ("plain WER", "WER", "CER", "language"))
    sys.stdout.write(f"{'':<18}{'files':>6}{columns}{'ECE':>8}{'AUROC':>8}{'took':>10}\n")
    with tempfile.TemporaryDirectory(prefix="mediaindex-accuracy-") as made:
        folder = Path(made)
        long, long_wer = measured("a file a speaker", list(put_together(utterances, folder)), folder, engines)
        languages, _ = measured("seven languages", rows_of(DATA / "lid" / "labels.jsonl"), folder, engines)
        single, _ = measured("single utterances", utterances[::EACH], folder, engines)
    missed = []
    if long_wer > MOST_WER:
        missed.append(f"WER of long recordings is over {MOST_WER:.1%}")
    if languages.all.metrics["language"] < 1:
        missed.append("a language is wrong")
    missed += [
        f"ECE of {one.manifest} is over {MOST_ECE}" for one in (long, single) if one.all.metrics["ece"] > MOST_ECE
    ]
    return _judged(missed)


def _judged(missed: list[str]) -> int:
    for name in MODELS:
        card = find_card(locate(name))
        if card is None:
            missed.append(f"{name} has no calibration")
            continue
        for condition, one in card.quality.items():
            sys.stdout.write(
                f"{name}, {condition}: ECE {one.ece_cv:.3f} on speakers that it was not fitted on (at most {MOST_ECE}; "
                f"raw {one.ece_raw:.3f}, condition unseen, too {one.ece_unseen})\n"
            )
            if one.ece_cv > MOST_ECE:
                missed.append(f"ECE of {name}, {condition}, held out is over {MOST_ECE}")
    sys.stdout.write("\n".join(["MISSED", *missed] if missed else ["all bounds kept"]) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
