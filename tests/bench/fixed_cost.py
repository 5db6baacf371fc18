"""What a file of a batch costs over and above its length: ``python tests/bench/fixed_cost.py [--files N]``.

So many utterances of the development data go through all stages, put together to one file and each a file of its own,
nothing cached and every model loaded before; the difference, shared among the files, is what being a file costs. A
stage that has less to do with them apart (diarization hears overlapping windows of a long file twice) counts as
nothing, not as a gain. Hearing the language of each file is model time and stands apart. Exits with 1 where the rest,
programs started and artifacts written and read, is above the bound.
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
        sys.exit(f"{given.files} files are not at {UTTERANCES}")
    if (SHARED / "models").is_dir():
        os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
    engines = Engines()
    seconds(files[:1], engines)
    with tempfile.TemporaryDirectory(prefix="mediaindex-bench-") as name:
        one = seconds([joined(files, Path(name) / "together.flac")], engines)
    each = seconds(files, engines)
    for stage, took in one.items():
        sys.stdout.write(f"{stage:<18} one file {took:6.2f} s, {len(files)} files {each[stage]:6.2f} s\n")
    cost = {stage: max(0.0, each[stage] - one[stage]) / len(files) for stage in one}
    rest = sum(cost.values()) - cost[LANGUAGE]
    sys.stdout.write(
        f"a file costs {rest:.2f} s more than its length (at most {BOUND}); its language {cost[LANGUAGE]:.2f} s more\n"
    )
    return int(rest > BOUND)


if __name__ == "__main__":
    sys.exit(main())
