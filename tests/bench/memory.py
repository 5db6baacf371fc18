"""Peak memory of short and of long recordings: ``python tests/bench/memory.py [--hours N] [--stage]``.

The utterances of the development data, repeated to the given duration, go through ``mediaindex index`` in a separate
process, whose peak resident memory is read from the kernel when it ends; with ``--stage``, through each stage in a
separate process, as Airflow runs them. Exits with 1 if the longer recording takes over a tenth more memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mediaindex.contract.pipeline import STAGES

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.joining import joined

# Nothing heavy is imported here: a child process inherits the peak of its parent.
SHARED = Path(__file__).parents[3] / "shared"
REFS = SHARED / "data" / "wer" / "refs.jsonl"
WARM, SHORT, LONG = 0.5, 10.0, 40.0  # min
BOUND = 1.10


def recording(folder: Path, minutes: float, suffix: str) -> Path:
    """``minutes`` of the utterances, repeated, with the readers in turn."""
    rows = [json.loads(line) for line in REFS.read_text("utf-8").splitlines()]
    rows.sort(key=lambda row: (row["file"].rsplit("-", 1)[1], row["speaker"]))
    files = [REFS.parent / row["file"] for row in rows]
    return joined(files, folder / f"{minutes:g}-minutes.{suffix}", "-t", f"{60 * minutes:g}", "-ac", "1", again=True)


def peak_mb(command: list[str], log: Path) -> tuple[float, float]:
    """Peak resident memory (MB) of a process or its largest child process, and the seconds it took."""
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{log.read_text('utf-8', 'replace')[-3000:]}")
    return usage.ru_maxrss / 1024, time.perf_counter() - began


def index(path: Path, folder: Path) -> dict[str, tuple[float, float]]:
    """Run ``mediaindex index`` without a cache."""
    program = Path(sys.executable).with_name("mediaindex")
    out, cache = folder / "out", folder / f"cache-{path.stem}"
    command = [str(program), "index", str(path), "--out", str(out), "--cache", str(cache), "--language", "en"]
    return {"mediaindex index": peak_mb(command, folder / "log")}


def stage_by_stage(path: Path, folder: Path) -> dict[str, tuple[float, float]]:
    """Run each stage in a separate process."""
    store = {"kind": "folder", "path": str(folder / f"store-{path.stem}")}
    item: dict[str, Any] = {"id": "1", "name": path.name, "source": {"kind": "file", "path": str(path)}, "upstream": {}}
    item["hints"] = {"languages": ["en"]}
    peaks = {}
    for stage in STAGES:
        job, result = folder / "job.json", folder / "result.json"
        job.write_text(json.dumps({"stage": stage, "items": [item], "store": store}), "utf-8")
        runner = [sys.executable, "-m", "mediaindex.runner", "--job", str(job), "--result", str(result)]
        peaks[stage] = peak_mb(runner, folder / "log")
        (done,) = json.loads(result.read_text("utf-8"))["items"]
        if done["status"] != "done":
            sys.exit(f"{stage} of {path.name}: {done['status']}, {done['error']}")
        item["audio_sha256"] = done["audio_sha256"]
        item["upstream"] = {**item["upstream"], stage: done["fingerprint"]}
    return peaks


def compare(run: Callable[[Path, Path], dict[str, tuple[float, float]]], paths: list[Path], folder: Path) -> bool:
    """Print the peaks; returns whether each is within the bound."""
    short, long = (run(path, folder) for path in paths)
    sys.stdout.write(f"{'':<20} {paths[0].stem:>12} {paths[1].stem:>14}   ratio (at most {BOUND:.2f})\n")
    for name, (before, _took) in short.items():
        after, took = long[name]
        sys.stdout.write(f"{name:<20} {before:9.0f} MB {after:11.0f} MB   {after / before:.2f}   in {took:.0f} s\n")
    return all(long[name][0] <= BOUND * short[name][0] for name in short)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=LONG / 60, help="length of the long recording")
    parser.add_argument("--minutes", type=float, default=SHORT, help="length of the short recording")
    parser.add_argument("--stage", action="store_true", help="run each stage in a separate process")
    parser.add_argument("--format", default="flac", help="format of the recordings, such as flac, opus or mp3")
    given = parser.parse_args()
    if not REFS.is_file():
        sys.exit(f"the development data is not at {REFS}")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    with tempfile.TemporaryDirectory(prefix="mediaindex-bench-") as name:
        folder = Path(name)
        # The first run on a machine takes more memory: it exports weights and optimises graphs.
        index(recording(folder, WARM, given.format), folder)
        paths = [recording(folder, minutes, given.format) for minutes in (given.minutes, 60 * given.hours)]
        return 0 if compare(stage_by_stage if given.stage else index, paths, folder) else 1


if __name__ == "__main__":
    sys.exit(main())
