"""The tests that a model's arithmetic can change, once per way to compute: `make test-rounding`.

Libraries choose their instructions by the CPU, and each choice adds the same numbers in another order: a word of which
a model is unsure becomes another word. What these variables force is as far from the usual arithmetic as another CPU.
Each value of each axis is taken at least once, with the corners in which all are oldest and newest; not the full
product, which would take hours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Tests marked ``models`` elsewhere look at files and processes, which no arithmetic changes.
PLACES = ("tests/unit/engines", "tests/unit/stages", "tests/integration/speech")
LEFT_OUT = ("tests/integration/speech/test_broken_recogniser.py",)
CHOSEN = "models or rounding"

# CTranslate2 (Whisper), torch, and what torch and numpy multiply with; nothing forces ONNX Runtime.
OLD = {"CT2_FORCE_CPU_ISA": "GENERIC", "ATEN_CPU_CAPABILITY": "default", "OPENBLAS_CORETYPE": "Nehalem"}
MIDDLE = {"CT2_FORCE_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "OPENBLAS_CORETYPE": "Haswell"}
NEW = {"CT2_FORCE_CPU_ISA": "AVX512", "OPENBLAS_CORETYPE": "SkylakeX"}
INT8, FLOAT32 = {"MEDIAINDEX_PRECISION": "int8"}, {"MEDIAINDEX_PRECISION": "float32"}

# CPU features, as Linux names them, without which a library does not run so.
NEEDED = {"AVX2": "avx2", "avx2": "avx2", "Haswell": "avx2", "AVX512": "avx512f", "SkylakeX": "avx512bw"}


@dataclass(frozen=True)
class Setting:
    """Variables of the environment, and the number of cores, which is that of threads."""

    cores: int
    variables: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        variables = " ".join(f"{name}={value}" for name, value in self.variables.items())
        return f"{variables} on {self.cores} core{'s' if self.cores > 1 else ''}"

    def missing(self, features: set[str], cores: int) -> str:
        """What this machine lacks for it, or nothing."""
        lacking = {NEEDED[value] for value in self.variables.values() if NEEDED.get(value, "") not in {"", *features}}
        if lacking:
            return f"this CPU has no {' and no '.join(sorted(lacking))}"
        return f"there are {cores} cores" if cores < self.cores else ""


SETTINGS = (
    Setting(1, OLD | INT8),
    Setting(2, OLD | FLOAT32),
    Setting(2, MIDDLE | INT8),
    Setting(1, NEW | FLOAT32),
)


def say(line: str) -> None:
    """At once, also into a file: a setting takes minutes."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def cpu_features() -> set[str]:
    """As the kernel names them; none where it does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return set(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), []))


def run(setting: Setting, options: list[str]) -> tuple[int, str]:
    """The exit status of pytest, and all it says."""
    ours = sorted(os.sched_getaffinity(0))[: setting.cores]
    command = [sys.executable, "-m", "pytest", "-q", "-m", CHOSEN, "-p", "no:cacheprovider", *PLACES, *options]
    ignored = [f"--ignore={path}" for path in LEFT_OUT]
    done = subprocess.run(
        [*command, *ignored],
        cwd=ROOT,
        env=os.environ | setting.variables | {"OMP_NUM_THREADS": str(setting.cores)},
        preexec_fn=lambda: os.sched_setaffinity(0, ours),  # our adapters start a thread for each core that they may use
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def main(options: list[str]) -> int:
    """A line per setting, and what failed in it; 1 if anything did. ``options``: for pytest."""
    features, cores, failed = cpu_features(), len(os.sched_getaffinity(0)), 0
    for setting in SETTINGS:
        if lacking := setting.missing(features, cores):
            say(f"skipped  {setting}: {lacking}")
            continue
        begun = time.monotonic()
        status, told = run(setting, options)
        failed += status != 0
        *_, last = told.strip().splitlines() or ["nothing was said"]
        say(f"{'FAILED' if status else 'passed'}   {setting}: {last} ({time.monotonic() - begun:.0f} s)")
        if status:
            say(told)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
