"""ONNX Runtime sessions, made in one place; the graph as its optimiser leaves it is kept on disk.

Optimising is most of what loading costs, and gives the same graph each time. What it gives depends on the weights, on
ONNX Runtime's version, on the level and, for layouts and fused operators, on the CPU: all four make the cache's key.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

import onnxruntime

from mediaindex.models.places import cache_dir

Optimisation = Literal["all", "extended"]

GRAPH = "model.onnx"
WEIGHTS = "weights.bin"  # beside the graph: they are mapped, not parsed, and no protobuf may be larger than 2 GB

_LEVELS = {
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
}
_NO_MEMORY = ("bad_alloc", "bad allocation", "failed to allocate", "out of memory", "cannot allocate")

log = logging.getLogger(__name__)


def session(
    path: Path, *, key: str, threads: int = 1, optimisation: Optimisation = "all", mem_pattern: bool = False
) -> onnxruntime.InferenceSession:
    """A session on the CPU. ``key`` names the weights (their sha256); ``threads`` work inside one operator.

    ``optimisation``: ``all`` also moves convolutions into a blocked layout, which costs some models more than it gains.
    ``mem_pattern`` plans memory ahead, which takes half of the loading time of a large graph and pays only where every
    input has the same shape. Several processes may ask for the same graph at once; a kept graph that cannot be read is
    made again.
    """
    kept = _place(key, optimisation)
    if kept.is_dir():
        try:
            return _open(kept / GRAPH, _options(threads, mem_pattern))
        except MemoryError:
            raise
        except Exception:
            log.warning("%s: this optimised graph cannot be read; it is made again", kept)
            shutil.rmtree(kept, ignore_errors=True)
    return _optimised(path, kept, threads, optimisation, mem_pattern)


@contextmanager
def memory_errors() -> Iterator[None]:
    """Raises MemoryError where ONNX Runtime, which has no type for it, says in words that there is no memory."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        if any(sign in str(error).lower() for sign in _NO_MEMORY):
            raise MemoryError(f"ONNX Runtime: {error}") from error
        raise


def _optimised(
    path: Path, kept: Path, threads: int, optimisation: Optimisation, mem_pattern: bool
) -> onnxruntime.InferenceSession:
    """Load from the source and keep what the optimiser made; a cache that cannot be written is no error."""
    options = _options(threads, mem_pattern)
    options.graph_optimization_level = _LEVELS[optimisation]
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=kept.parent, prefix=".graph-"))
    except OSError as error:
        log.warning("%s: the optimised graph cannot be kept: %s", kept, error)
        return _open(path, options)
    try:
        options.optimized_model_filepath = str(work / GRAPH)
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS)
        made = _open(path, options)
        _publish(work, kept)
        return made
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _publish(work: Path, kept: Path) -> None:
    for file in work.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    try:
        work.rename(kept)
    except OSError as error:
        if not kept.is_dir():  # another process was first, with the same graph
            log.warning("%s: the optimised graph cannot be kept: %s", kept, error)


def _open(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    with memory_errors():
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _options(threads: int, mem_pattern: bool) -> onnxruntime.SessionOptions:
    """Options of a graph that needs no optimising."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = mem_pattern
    options.enable_mem_reuse = mem_pattern  # without: the same peak, measured, as what is freed is used again anyway
    options.log_severity_level = 3  # its warnings about its own optimiser help nobody
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


def _place(key: str, optimisation: Optimisation) -> Path:
    facts = "\n".join((key, onnxruntime.__version__, optimisation, _cpu()))
    return cache_dir() / "graphs" / hashlib.sha256(facts.encode()).hexdigest()


@cache
def _cpu() -> str:
    """What this machine's CPU can do; caches move between machines with images and network disks."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    features = next((line for line in lines if line.lower().startswith(("flags", "features"))), platform.processor())
    return f"{platform.machine()} {' '.join(sorted(features.split()))}"
