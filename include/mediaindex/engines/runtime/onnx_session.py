"""ONNX Runtime sessions, with a cache of optimised graphs on disk.

Optimising takes most of the loading time and gives the same graph each time. The graph depends on the weights, the
version of ONNX Runtime, its optimisers and, for layouts and fused operators, on the CPU: all are in the cache key.
"""

from __future__ import annotations

import hashlib
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

from mediaindex.printable import logger
from mediaindex.settings import ModelSettings

Optimisation = Literal["all", "extended"]

GRAPH = "model.onnx"
FIRST = 1 << 20  # bytes; the initial block, which is never released
BLOCK = 33 << 20  # bytes; above 32 MB, malloc maps pages of the system and returns them
WEIGHTS = "weights.bin"  # beside the graph: mapped, not parsed, and protobuf is limited to 2 GB

_LEVELS = {
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
}
# The fused operator takes 3 times as long as adding and normalising separately, a twentieth of the Conformer.
_SLOWER = ["SkipLayerNormFusion"]
_NO_MEMORY = ("bad_alloc", "bad allocation", "failed to allocate", "out of memory", "cannot allocate")

_NOT_KEPT = "%s: cannot write the optimised graph to the cache (%s); it is optimised again at the next start"

log = logger(__name__)


def session(
    path: Path, *, key: str, threads: int = 1, optimisation: Optimisation = "all", many_shapes: bool = False
) -> onnxruntime.InferenceSession:
    """A session on the CPU.

    ``key`` identifies the weights (their sha256); ``threads`` is the number of threads inside one operator.
    ``optimisation``: ``all`` also moves convolutions into a blocked layout, which makes some models slower.
    ``many_shapes``: the inputs differ in length, so memory is not kept from one to the next (see ``shrinking_arena``).
    Several processes may open the same graph at once; an unreadable graph in the cache is made again. Raises
    MemoryError if there is not enough memory.
    """
    kept = _place(key, optimisation)
    if kept.is_dir():
        try:
            return _open(kept / GRAPH, _options(threads, many_shapes))
        except MemoryError:
            raise
        except Exception:
            log.warning("%s: the optimised graph in the cache is unreadable; making it again", kept)
            shutil.rmtree(kept, ignore_errors=True)
    return _optimised(path, kept, threads, optimisation, many_shapes)


def shrinking_arena() -> onnxruntime.RunOptions:
    """Run options with which ONNX Runtime releases its working memory after the run.

    For a session of ``many_shapes``, which would otherwise keep the memory of its largest inputs. Not slower, measured
    over chunks of 4 to 28 s.
    """
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


@contextmanager
def memory_errors() -> Iterator[None]:
    """Raise MemoryError if ONNX Runtime reports a failed allocation, for which it has no exception type."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        if any(phrase in str(error).lower() for phrase in _NO_MEMORY):
            raise MemoryError(f"ONNX Runtime: {error}") from error
        raise


def _optimised(
    path: Path, kept: Path, threads: int, optimisation: Optimisation, many_shapes: bool
) -> onnxruntime.InferenceSession:
    """Load from ``path`` and keep the optimised graph; a cache that is not writable is not an error."""
    options = _options(threads, many_shapes)
    options.graph_optimization_level = _LEVELS[optimisation]
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=kept.parent, prefix=".graph-"))
    except OSError as error:
        log.warning(_NOT_KEPT, kept, error)
        return _open(path, options)
    try:
        options.optimized_model_filepath = str(work / GRAPH)
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", WEIGHTS)
        opened = _open(path, options)
        _publish(work, kept)
        return opened
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
            log.warning(_NOT_KEPT, kept, error)


def _open(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    with memory_errors():
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )


def _options(threads: int, many_shapes: bool) -> onnxruntime.SessionOptions:
    """Options for a graph that is already optimised."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Memory planning takes half of the loading time of a large graph and needs inputs of one fixed shape.
    options.enable_mem_pattern = False
    options.enable_mem_reuse = False  # the measured peak is the same: freed memory is used again anyway
    if many_shapes:
        _make_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
        # Weights are kept out of the arena.
        options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    options.log_severity_level = 3  # errors only: its warnings concern its own optimiser
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return options


@cache
def _make_arena() -> None:
    """Create the arena that all sessions of many shapes share until the process ends.

    The default arena of ONNX Runtime doubles from 1 MB: its blocks lie among other allocations, whose memory the system
    then cannot take back.
    """
    size = {"initial_chunk_size_bytes": FIRST, "initial_growth_chunk_size_bytes": BLOCK}
    limits = {"max_mem": 0, "arena_extend_strategy": 0, "max_dead_bytes_per_chunk": -1}  # the defaults
    arena = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = onnxruntime.OrtMemoryInfo("Cpu", arena, 0, onnxruntime.OrtMemType.DEFAULT)
    onnxruntime.create_and_register_allocator(memory, onnxruntime.OrtArenaCfg(size | limits))


def _place(key: str, optimisation: Optimisation) -> Path:
    facts = "\n".join((key, onnxruntime.__version__, optimisation, *_SLOWER, _cpu()))
    return ModelSettings.read().cache / "graphs" / hashlib.sha256(facts.encode()).hexdigest()


@cache
def _cpu() -> str:
    """The features of this CPU; a cache may move between machines, in an image or on a network disk."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    features = next((line for line in lines if line.lower().startswith(("flags", "features"))), platform.processor())
    return f"{platform.machine()} {' '.join(sorted(features.split()))}"
