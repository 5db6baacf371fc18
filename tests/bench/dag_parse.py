"""Measure the time to parse each DAG file: ``python tests/bench/dag_parse.py``.

Airflow's own modules are imported once before, as in its DAG processor. Exit status 1 if a file exceeds the bound or
imports a speech library.
"""

from __future__ import annotations

import importlib
import os
import runpy
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUDGET_S = 1.0
SPEECH_LIBRARIES = {"torch", "nemo", "pyannote", "silero_vad", "onnxruntime", "faster_whisper", "spacy", "numpy"}


def main() -> int:
    """Measure and print. Returns the exit status."""
    os.environ.setdefault("MEDIAINDEX_CONFIG", str(ROOT / "local" / "sources.yaml"))
    import airflow.dag_processing.dagbag  # noqa: F401  # part of the processor
    from airflow.utils.file import iter_airflow_imports

    files = sorted((ROOT / "dags").glob("*.py"))
    for module in {module for file in files for module in iter_airflow_imports(str(file))}:
        importlib.import_module(module)
    missed = 0
    for file in files:
        start = time.perf_counter()
        runpy.run_path(str(file))
        took = time.perf_counter() - start
        missed += took > BUDGET_S
        sys.stdout.write(f"{file.name:<26} parsed in {took:.2f} s (at most {BUDGET_S:.0f} s)\n")
    loaded = sorted(SPEECH_LIBRARIES & set(sys.modules))
    sys.stdout.write(f"speech libraries imported  {', '.join(loaded) or 'none'}\n")
    return 1 if missed or loaded else 0


if __name__ == "__main__":
    sys.exit(main())
