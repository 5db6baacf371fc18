"""The device the engines compute on, found through the NVIDIA driver without importing torch."""

from __future__ import annotations

import ctypes
import importlib.metadata
from functools import cache

from mediaindex.printable import logger
from mediaindex.settings import Device, SpeechSettings

log = logger(__name__)


def device() -> Device:
    """MEDIAINDEX_DEVICE; by default ``cuda`` if the driver reports a GPU and torch is built with CUDA, else ``cpu``."""
    if configured := SpeechSettings.read().device:
        return configured
    return "cuda" if _gpus() and _torch_has_cuda() else "cpu"


@cache
def _gpus() -> int:
    """The number of GPUs this process may use; the driver applies CUDA_VISIBLE_DEVICES."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return 0
    return count.value


@cache
def _torch_has_cuda() -> bool:
    """Whether the installed torch is built with CUDA; the version of other builds says so, as in ``2.11.0+cpu``."""
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return False
    if version.endswith("+cpu"):
        log.warning("this machine has a GPU, but torch %s is built without CUDA; computing on the CPU", version)
        return False
    return True
