"""Which device the engines compute on: asked of NVIDIA's driver, so that nobody imports torch to find out."""

from __future__ import annotations

import ctypes
import importlib.metadata
import logging
from functools import cache

from mediaindex.settings import Device, SpeechSettings

log = logging.getLogger(__name__)


def device() -> Device:
    """MEDIAINDEX_DEVICE, by default ``cuda`` if the driver shows a GPU and torch was built for one."""
    if wanted := SpeechSettings.read().device:
        return wanted
    return "cuda" if _gpus() and _torch_can() else "cpu"


@cache
def _gpus() -> int:
    """GPUs that a process here may use; the driver heeds CUDA_VISIBLE_DEVICES itself."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return 0
    return count.value


@cache
def _torch_can() -> bool:
    """Whether the installed torch was built for GPUs, by its version: builds without say so, like ``2.11.0+cpu``."""
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return False
    if version.endswith("+cpu"):
        log.warning("this machine has a GPU, but torch %s was built without: computing on the CPU", version)
        return False
    return True
