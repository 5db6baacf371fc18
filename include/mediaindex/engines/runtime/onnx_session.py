"""ONNX Runtime sessions, made in one place; the graph as its optimiser leaves it is kept on disk.

Optimising is most of what loading costs, and gives the same graph each time. What it gives depends on the weights, on
ONNX Runtime's version, on its optimisers and, for layouts and fused operators, on the CPU: all make the cache's key.
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

from mediaindex.settings import ModelSettings

Optimisation = Literal["all", "extended"]

GRAPH = "model.onnx"
FIRST = 1 << 20  # bytes; the one block that is never given back
BLOCK = 33 << 20  # bytes; above 32 MB, malloc has the system's pages for it, and returns them
WEIGHTS = "weights.bin"  # beside the graph: they are mapped, not parsed, and no protobuf may be larger than 2 GB

_LEVELS = {
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
}
# Adding and normalising in one operator takes 3 times as long as one after the other, a twentieth of the Conformer.
_SLOWER = ["SkipLayerNormFusion"]
_NO_MEMORY = ("bad_alloc", "bad allocation", "failed to allocate", "out of memory", "cannot allocate")

log = logging.getLogger(__name__)


def session(
    path: Path, *, key: str, threads: int = 1, optimisation: Optimisation = "all", many_shapes: bool = False
) -> onnxruntime.InferenceSession:
    """A session on the CPU. ``key`` names the weights (their sha256); ``threads`` work inside one operator.

    ``optimisation``: ``all`` also moves convolutions into a blocked layout, which costs some models more than it gains.
    ``many_shapes``: its inputs differ in length, so what one needs is not kept for the next (see ``giving_back``).
    Several processes may ask for the same graph at once; a kept graph that cannot be read is made again.
    """
    kept = _place(key, optimisation)
    if kept.is_dir():
        try:
            return _open(kept / GRAPH, _options(threads, many_shapes))
        except MemoryError:
            raise
        except Exception:
            log.warning("%s: this optimised graph cannot be read; it is made again", kept)
            shutil.rmtree(kept, ignore_errors=True)
    return _optimised(path, kept, threads, optimisation, many_shapes)


def giving_back() -> onnxruntime.RunOptions:
    """Options of a run after which ONNX Runtime holds no memory that it only computed with.

    For a session of ``many_shapes``, which would keep what its largest inputs needed. No slower, measured over chunks
    of 4 to 28 s.
    """
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


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
    path: Path, kept: Path, threads: int, optimisation: Optimisation, many_shapes: bool
) -> onnxruntime.InferenceSession:
    """Load from the source and keep what the optimiser made; a cache that cannot be written is no error."""
    options = _options(threads, many_shapes)
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
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )


def _options(threads: int, many_shapes: bool) -> onnxruntime.SessionOptions:
    """Options of a graph that needs no optimising."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Planning memory ahead takes half of the loading time of a large graph, and no input here has always one shape.
    options.enable_mem_pattern = False
    options.enable_mem_reuse = False  # without: the same peak, measured, as what is freed is used again anyway
    if many_shapes:
        _make_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")  # no block is theirs
    options.log_severity_level = 3  # its warnings about its own optimiser help nobody
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


@cache
def _make_arena() -> None:
    """Where all sessions of many shapes compute, for as long as the process lives.

    ONNX Runtime's own grows from 1 MB by doubling: its blocks lie among others, and keep the system from getting back
    what is around them.
    """
    size = {"initial_chunk_size_bytes": FIRST, "initial_growth_chunk_size_bytes": BLOCK}
    limits = {"max_mem": 0, "arena_extend_strategy": 0, "max_dead_bytes_per_chunk": -1}  # as without this
    arena = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = onnxruntime.OrtMemoryInfo("Cpu", arena, 0, onnxruntime.OrtMemType.DEFAULT)
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(size | limits))


def _place(key: str, optimisation: Optimisation) -> Path:
    facts = "\n".join((key, onnxruntime.__version__, optimisation, *_SLOWER, _cpu()))
    return ModelSettings.read().cache / "graphs" / hashlib.sha256(facts.encode()).hexdigest()


@cache
def _cpu() -> str:
    """What this machine's CPU can do; caches move between machines with images and network disks."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    features = next((line for line in lines if line.lower().startswith(("flags", "features"))), platform.processor())
    return f"{platform.machine()} {' '.join(sorted(features.split()))}"
