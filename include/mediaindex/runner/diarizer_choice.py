"""Who tells speakers apart: ours on ONNX Runtime, or pyannote.audio itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mediaindex.errors import ConfigError
from mediaindex.models import try_locate

from .weights import identity, model

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Diarizer

VARIABLE = "MEDIAINDEX_DIARIZER"
OURS, PYANNOTE = "onnx", "pyannote"
COMMUNITY = "pyannote-community-1"


def diarizer(environment: Mapping[str, str] = os.environ) -> Diarizer:
    """The diarizer that MEDIAINDEX_DIARIZER names; loads nothing.

    ``onnx``: ours. ``pyannote``: pyannote.audio's own pipeline, community-1 where its weights are here, else that of
    3.1; on a CPU many times slower, and with the whole recording in memory. Without the variable community-1 on a GPU,
    where both are here, else ours. Raises ConfigError for anything else, and ModelMissingError.
    """
    from mediaindex.engines import pyannote
    from mediaindex.engines.device import device

    wanted = environment.get(VARIABLE, "").strip().lower()
    if wanted not in ("", OURS, PYANNOTE):
        raise ConfigError(f"{VARIABLE} is {wanted!r}; write {OURS} or {PYANNOTE}, or leave it out")
    if wanted == OURS or (not wanted and device() == "cpu"):
        return _ours()
    community = try_locate(COMMUNITY)
    if community:
        named = identity("pyannote.audio", community)
        return pyannote.load_community(community.path, identity=named, device=device())
    return _of_3_1() if wanted else _ours()


def _of_3_1() -> Diarizer:
    from mediaindex.engines import pyannote

    segmentation, embedding = model("pyannote-segmentation-3.0"), model("wespeaker-resnet34")
    named = identity("pyannote.audio", segmentation, embedding)
    return pyannote.load(segmentation.path, embedding.path, identity=named)


def _ours() -> Diarizer:
    from mediaindex.engines import diarizer as onnx

    segmentation, embedding = model("pyannote-segmentation-3.0-onnx"), model("wespeaker-resnet34")
    return onnx.load(segmentation, embedding, identity=identity("onnxruntime", segmentation, embedding))
