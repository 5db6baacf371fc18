from __future__ import annotations

import pytest

from mediaindex.engines.runtime import device
from mediaindex.errors import ConfigError


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_DEVICE", raising=False)
    monkeypatch.setattr(device, "_gpus", lambda: 1)
    monkeypatch.setattr(device, "_torch_has_cuda", lambda: True)


def test_a_gpu_is_used_if_there_is_one() -> None:
    assert device.device() == "cuda"


@pytest.mark.parametrize("without", ["_gpus", "_torch_has_cuda"])
def test_without_a_gpu_or_cuda_in_torch_the_cpu_is_used(monkeypatch: pytest.MonkeyPatch, without: str) -> None:
    monkeypatch.setattr(device, without, lambda: 0)
    assert device.device() == "cpu"


@pytest.mark.parametrize("wanted", ["cpu", "cuda"])
def test_the_variable_decides(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setattr(device, "_gpus", lambda: pytest.fail("the driver was called"))
    monkeypatch.setenv("MEDIAINDEX_DEVICE", wanted.upper())
    assert device.device() == wanted


def test_an_invalid_value_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_DEVICE", "gpu")
    with pytest.raises(ConfigError, match="write cpu or cuda"):
        device.device()
