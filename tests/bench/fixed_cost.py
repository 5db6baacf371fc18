"""The fixed cost per file of a batch: ``python tests/bench/fixed_cost.py [--files N]``.

N utterances of the development data go through all stages, once concatenated to one file and once as separate files,
with nothing cached and every model loaded; the difference, divided by N, is the fixed cost of a file. A stage that
takes less time for separate files (diarization processes overlapping windows of a long file twice) counts as 0, not as
a gain. Identifying the language of each file is time of the model and is listed apart. Exits with 1 if the rest,
starting programs and reading and writing artifacts, is above the bound.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mediaindex.contract.job import FolderStore, Hints, Job
from mediaindex.contract.pipeline import STAGES
from mediaindex.runner.engines import Engines
from mediaindex.runner.execute import run_job
from mediaindex.runner.local import items_of, passed
from mediaindex.storage.artifacts import open_store
from tests.bench.joining import joined

SHARED = Path(__file__).parents[3] / "shared"
UTTERANCES = SHARED / "data" / "wer" / "librispeech-test-other"
LANGUAGE = "identify_language"
BOUND = 0.3  # s


def seconds(files: list[Path], engines: Engines) -> dict[str, float]:
    """Wall seconds of each stage over the files."""
    took = {}
    with tempfile.TemporaryDirectory(prefix="mediaindex-bench-") as name:
        store = FolderStore(path=name)
        items = items_of(files, Hints(languages=("en",)))
        for stage in STAGES:
            began = time.perf_counter()
            done = run_job(Job(stage=stage, items=tuple(items), store=store), open_store(store), engines)
            took[stage] = time.perf_counter() - began
            failed = [result.error for result in done.items if result.error]
            if failed:
                sys.exit(f"{stage}: {failed[0].message}")
            items = [passed(item, stage, result) for item, result in zip(items, done.items, strict=True)]
    return took


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=40)
    given = parser.parse_args()
    files = sorted(UTTERANCES.glob("*.flac"))[: given.files]
    if len(files) < given.files:
        sys.exit(f"{UTTERANCES} has fewer than {given.files} files")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    engines = Engines()
    seconds(files[:1], engines)
    with tempfile.TemporaryDirectory(prefix="mediaindex-bench-") as name:
        together = seconds([joined(files, Path(name) / "together.flac")], engines)
    each = seconds(files, engines)
    for stage, took in together.items():
        sys.stdout.write(f"{stage:<18} one file {took:6.2f} s, {len(files)} files {each[stage]:6.2f} s\n")
    cost = {stage: max(0.0, each[stage] - together[stage]) / len(files) for stage in together}
    rest = sum(cost.values()) - cost[LANGUAGE]
    sys.stdout.write(
        f"fixed cost per file: {rest:.2f} s (at most {BOUND}), and {cost[LANGUAGE]:.2f} s for its language\n"
    )
    return int(rest > BOUND)


if __name__ == "__main__":
    sys.exit(main())
