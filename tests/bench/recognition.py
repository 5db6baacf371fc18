"""The shipped recogniser compared with NeMo's transcribe() on the same files: ``python tests/bench/recognition.py``.

Needs the .nemo weights (MEDIAINDEX_MODELS) and a JSON Lines file of recordings with ``file`` and ``text``, by default
the development data beside the checkout. The recognisers alternate part by part, so that a busy machine slows both.
Prints ratios; exits with 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import soundfile

from mediaindex.engines.ctc import conformer as conformer_ctc
from mediaindex.models import LocatedModel, locate

SHARED = Path(__file__).parents[3] / "shared"
MODEL = "stt-en-conformer-ctc-small"
LEAST_SPEEDUP = 4.0
WER_TOLERANCE = 0.3  # percentage points
RATE = 16_000
PARTS = 4

Reader = Callable[[list[np.ndarray]], list[str]]


def normalized(text: str) -> str:
    """Lower case, without punctuation."""
    return " ".join(re.sub(r"[^\w\s']", " ", text.lower()).split())


def wer(references: list[str], hypotheses: list[str]) -> float:
    """Word error rate in percent."""
    return 100 * float(jiwer.wer([normalized(text) for text in references], [normalized(text) for text in hypotheses]))


def nemo_reader(located: LocatedModel, threads: int) -> Reader:
    """NeMo's transcribe() on waveforms, with its defaults."""
    import torch
    from nemo.collections.asr.models import ASRModel

    torch.set_num_threads(threads)
    model: Any = ASRModel.restore_from(str(located.path), map_location="cpu")
    model.eval()
    return lambda recordings: [
        hypothesis.text for hypothesis in model.transcribe(recordings, num_workers=0, verbose=False)
    ]


def onnx_reader(located: LocatedModel, threads: int) -> Reader:
    """The shipped recogniser."""
    recogniser = conformer_ctc.load(located, threads)
    return lambda recordings: [" ".join(w.text for w in words) for words in recogniser.recognise(recordings, "en")]


def in_turns(readers: list[Reader], recordings: list[np.ndarray]) -> list[tuple[list[str], float, float]]:
    """Texts, wall seconds and CPU seconds per reader, without import, export and loading."""
    texts: list[list[str]] = [[] for _ in readers]
    took, worked = [0.0] * len(readers), [0.0] * len(readers)
    for reader in readers:
        reader(recordings[:1])
    size = -(-len(recordings) // PARTS)
    for first in range(0, len(recordings), size):
        for index, reader in enumerate(readers):
            start, busy = time.perf_counter(), time.process_time()
            texts[index] += reader(recordings[first : first + size])
            took[index] += time.perf_counter() - start
            worked[index] += time.process_time() - busy
    return list(zip(texts, took, worked, strict=True))


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refs", type=Path, default=SHARED / "data" / "wer" / "refs.jsonl")
    parser.add_argument("--limit", type=int, help="number of recordings")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    if not given.refs.is_file():
        sys.exit(f"{given.refs} does not exist; give another file with --refs")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    rows = [json.loads(line) for line in given.refs.read_text("utf-8").splitlines()][: given.limit]
    references = [row["text"] for row in rows]
    recordings = [soundfile.read(given.refs.parent / row["file"], dtype="float32")[0] for row in rows]
    located = locate(MODEL)
    readers = [onnx_reader(located, given.threads), nemo_reader(located, given.threads)]
    (onnx_texts, onnx_s, onnx_cpu), (nemo_texts, nemo_s, nemo_cpu) = in_turns(readers, recordings)
    audio_s = sum(map(len, recordings)) / RATE
    onnx_wer, nemo_wer = wer(references, onnx_texts), wer(references, nemo_texts)
    lines = (
        f"recordings             {len(rows)}, {audio_s:.0f} s of audio, {given.threads} threads",
        f"NeMo transcribe()      WER {nemo_wer:.2f} %, {audio_s / nemo_s:.1f}x real time",
        f"shipped (ONNX)         WER {onnx_wer:.2f} %, {audio_s / onnx_s:.1f}x real time",
        f"speed compared to NeMo {nemo_s / onnx_s:.1f}x (at least {LEAST_SPEEDUP}x)",
        f"the same by CPU time   {nemo_cpu / onnx_cpu:.1f}x (for busy machines; waiting threads spin)",
        f"difference in WER      {onnx_wer - nemo_wer:+.2f} (at most {WER_TOLERANCE} either way)",
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if nemo_s / onnx_s >= LEAST_SPEEDUP and abs(onnx_wer - nemo_wer) <= WER_TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
