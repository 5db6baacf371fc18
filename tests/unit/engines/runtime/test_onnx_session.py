from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from mediaindex.engines.runtime import onnx_session


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDIAINDEX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "graphs"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """y = x @ w with 64 x 64 weights of ones."""
    weights = numpy_helper.from_array(np.ones((64, 64), dtype=np.float32), "w")
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 64]) for name in "xy")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weights])
    path = tmp_path / "source.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def answer(session: onnxruntime.InferenceSession) -> float:
    (y,) = session.run(None, {"x": np.ones((1, 64), dtype=np.float32)})
    return float(y[0, 0])


def test_a_second_session_needs_only_the_cached_graph(source: Path) -> None:
    assert answer(onnx_session.session(source, key="a")) == 64
    source.unlink()
    assert answer(onnx_session.session(source, key="a")) == 64


def test_each_key_and_level_has_its_own_graph(source: Path, cache: Path) -> None:
    onnx_session.session(source, key="a")
    onnx_session.session(source, key="b")
    onnx_session.session(source, key="b", optimisation="extended")
    assert len(list(cache.iterdir())) == 3


@pytest.mark.parametrize("file", [onnx_session.GRAPH, onnx_session.WEIGHTS])
def test_a_broken_graph_in_the_cache_is_made_again(source: Path, cache: Path, file: str) -> None:
    onnx_session.session(source, key="a")
    (kept,) = cache.iterdir()
    (kept / file).write_bytes(b"torn")
    assert answer(onnx_session.session(source, key="a")) == 64
    source.unlink()
    assert answer(onnx_session.session(source, key="a")) == 64


def test_several_threads_leave_one_complete_graph(source: Path, cache: Path) -> None:
    start = threading.Barrier(4)
    answers: list[float] = []

    def ask() -> None:
        start.wait()
        answers.append(answer(onnx_session.session(source, key="a")))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [64.0] * 4
    (kept,) = cache.iterdir()
    assert not kept.name.startswith(".")


def test_a_cache_that_is_not_writable_is_not_an_error(source: Path, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("not a folder")
    assert answer(onnx_session.session(source, key="a")) == 64


def test_a_failed_allocation_in_onnx_runtime_is_a_memory_error(tmp_path: Path) -> None:
    size = helper.make_tensor_value_info("size", TensorProto.INT64, [1])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n"])
    graph = helper.make_graph([helper.make_node("ConstantOfShape", ["size"], ["out"])], "g", [size], [out])
    path = tmp_path / "huge.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    session = onnx_session.session(path, key="huge")
    with pytest.raises(MemoryError, match="ONNX Runtime"), onnx_session.memory_errors():
        session.run(None, {"size": np.array([10**15], dtype=np.int64)})


def test_other_errors_are_not_changed(source: Path) -> None:
    session = onnx_session.session(source, key="a")
    with pytest.raises(Exception, match="invalid dimensions"), onnx_session.memory_errors():
        session.run(None, {"x": np.ones((1, 3), dtype=np.float32)})
