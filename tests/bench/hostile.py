"""Files made to exhaust a worker, decoded within limits: ``python tests/bench/hostile.py``.

Each file goes through ``normalize`` in a process of its own. Prints the size of the file, the peak memory of the
largest child process, the seconds and the outcome. Exits with 1 if one takes more than the bounds, or if one is taken
for a usual recording.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.builders.hostile import sample_table, shared_chunks

BOUND_MB = 600
BOUND_S = 60.0
SECOND = bytes(range(256)) * 125  # of 16 kHz s16le

CHILD = """
import resource, sys
from pathlib import Path
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import MediaindexError
from mediaindex.stages.normalize import normalize
try:
    normalized = normalize(Path(sys.argv[1]), Path(sys.argv[2]), NormalizeSettings())
    print(f"read as {normalized.duration:.0f} s", *normalized.warnings[:1])
except MediaindexError as error:
    print(error.failure_class, error.code)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""

BOMBS: dict[str, Callable[[Path], Path]] = {
    "10 million samples": sample_table,
    "40 million samples": lambda folder: sample_table(folder, samples=40_000_000),
    "60 tracks of 1 million samples": lambda folder: sample_table(folder, samples=1_000_000, tracks=60),
    "90 tracks of 10 million samples": lambda folder: sample_table(folder, tracks=90),
    "an hour from 10 s": lambda folder: shared_chunks(folder, 10 * SECOND, times=360),
    "30 hours from 10 s": lambda folder: shared_chunks(folder, 10 * SECOND, times=10_800),
}


def main() -> int:
    """Decode, print, judge."""
    failed = False
    with tempfile.TemporaryDirectory(prefix="mediaindex-bench-") as name:
        for what, make in BOMBS.items():
            path = make(Path(name))
            began = time.perf_counter()
            command = [sys.executable, "-c", CHILD, str(path), f"{name}/out"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            took = time.perf_counter() - began
            if done.returncode:
                sys.exit(f"{what}: {done.stderr[-2000:]}")
            outcome, peak = done.stdout.splitlines()
            bad = int(peak) > BOUND_MB or took > BOUND_S or outcome.startswith("read")
            failed = failed or bad
            sys.stdout.write(
                f"{what:<32} {path.stat().st_size / 1000:8.1f} kB {int(peak):5d} MB {took:6.1f} s  {outcome}"
                f"{'  OUT OF BOUNDS' if bad else ''}\n"
            )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
