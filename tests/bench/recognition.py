"""The shipped recogniser against NeMo's own transcribe(), same files, same process: ``python tests/bench/recognition.py``.

Needs the .nemo weights (MEDIAINDEX_MODELS) and a JSON Lines file of recordings with ``file`` and ``text``, by default the
development data beside the checkout. Prints ratios; exits with 1 where a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import soundfile

from mediaindex.engines import conformer_ctc
from mediaindex.models import LocatedModel, locate

SHARED = Path(__file__).parents[3] / "shared"
MODEL = "stt-en-conformer-ctc-small"
LEAST_SPEEDUP = 3.0
WER_TOLERANCE = 0.3  # percentage points
RATE = 16_000
NEMO_BATCH = 4  # transcribe()'s default


def normalized(text: str) -> str:
    """Lower case, without punctuation."""
    return " ".join(re.sub(r"[^\w\s']", " ", text.lower()).split())


def wer(references: list[str], said: list[str]) -> float:
    """Word error rate in per cent."""
    return 100 * float(jiwer.wer([normalized(text) for text in references], [normalized(text) for text in said]))


def timed_onnx(located: LocatedModel, recordings: list[np.ndarray], threads: int) -> tuple[list[str], float]:
    """What the shipped path says, and the seconds it took; export and loading are not counted."""
    recogniser = conformer_ctc.load(located, threads)
    recogniser.recognise(recordings[:1], "en")
    start = time.perf_counter()
    words = recogniser.recognise(recordings, "en")
    return [" ".join(word.text for word in one) for one in words], time.perf_counter() - start


def timed_nemo(located: LocatedModel, paths: list[Path], threads: int) -> tuple[list[str], float]:
    """What NeMo's transcribe() says, and the seconds it took; import and loading are not counted."""
    import torch
    from nemo.collections.asr.models import ASRModel

    torch.set_num_threads(threads)
    model: Any = ASRModel.restore_from(str(located.path), map_location="cpu")
    model.eval()
    options = {"batch_size": NEMO_BATCH, "num_workers": 0, "verbose": False}
    model.transcribe([str(paths[0])], **options)
    start = time.perf_counter()
    said = model.transcribe([str(path) for path in paths], **options)
    return [one.text for one in said], time.perf_counter() - start


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refs", type=Path, default=SHARED / "data" / "wer" / "refs.jsonl")
    parser.add_argument("--limit", type=int, help="only so many recordings")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    if not given.refs.is_file():
        sys.exit(f"{given.refs} is not there; name one with --refs")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    rows = [json.loads(line) for line in given.refs.read_text("utf-8").splitlines()][: given.limit]
    references = [row["text"] for row in rows]
    paths = [given.refs.parent / row["file"] for row in rows]
    recordings = [soundfile.read(path, dtype="float32")[0] for path in paths]
    located = locate(MODEL)
    onnx_said, onnx_s = timed_onnx(located, recordings, given.threads)
    nemo_said, nemo_s = timed_nemo(located, paths, given.threads)
    audio_s = sum(map(len, recordings)) / RATE
    onnx_wer, nemo_wer = wer(references, onnx_said), wer(references, nemo_said)
    print(f"recordings                 {len(rows)}, {audio_s:.0f} s of audio, {given.threads} threads")
    print(f"NeMo transcribe()          WER {nemo_wer:.2f} %, {audio_s / nemo_s:.1f}x real time")
    print(f"shipped path (ONNX)        WER {onnx_wer:.2f} %, {audio_s / onnx_s:.1f}x real time")
    print(f"speed against NeMo         {nemo_s / onnx_s:.1f}x (at least {LEAST_SPEEDUP}x)")
    print(f"difference in WER          {onnx_wer - nemo_wer:+.2f} (at most {WER_TOLERANCE} either way)")
    return 0 if nemo_s / onnx_s >= LEAST_SPEEDUP and abs(onnx_wer - nemo_wer) <= WER_TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
