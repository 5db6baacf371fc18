"""The choice of recognisers and diarizer by name, and of the engine that runs each."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from mediaindex.engines.calibration.beta import CalibratedRecogniser, Calibration
from mediaindex.errors import ConfigError, ErrorCode
from mediaindex.models import LocatedModel, ModelEntry, ensure, load_registry, try_locate
from mediaindex.models.calibrations import find_card
from mediaindex.models.locate import how_to_get
from mediaindex.printable import logger
from mediaindex.settings import ModelSettings, SpeechSettings

from .set_aside import StandIn, without

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Diarizer, Recogniser


log = logger(__name__)


def chosen(names: Sequence[str] = ()) -> tuple[ModelEntry, ...]:
    """Registry entries of ``names``; if empty, of MEDIAINDEX_RECOGNISERS or its default.

    Raises ConfigError if a name is unknown, with the valid names, or is given twice.
    """
    wanted = tuple(names) or SpeechSettings.read().recognisers
    known = {name: entry for name, entry in load_registry().items() if entry.engine}
    for name in wanted:
        if name not in known:
            raise ConfigError(f"recognisers: unknown recogniser {name!r}; the registry has: {', '.join(known)}")
    if len(set(wanted)) != len(wanted):
        raise ConfigError(f"recognisers: a name is given twice: {', '.join(wanted)}; remove one of them")
    return tuple(known[name] for name in wanted)


def recogniser_of(entry: ModelEntry) -> Recogniser:
    """The recogniser for this model on this machine, not loaded yet.

    Without the weights of a required model the job fails; those of another one are missed when it is used.
    """
    try:
        fetches = entry.pin is not None and ModelSettings.read().fetch_at_run_time
        located = ensure([entry.name])[entry.name] if entry.required or fetches else try_locate(entry.name)
    except ConfigError as error:
        if error.code != ErrorCode.MODEL_CHANGED:
            raise
        log.error("%s Until then the next recogniser is used instead", error.message)  # noqa: TRY400
        return without(entry.name, entry.languages, error.message)
    if located is None:
        return MissingRecogniser(entry.name)
    return load(entry, located)


def load(entry: ModelEntry, located: LocatedModel) -> Recogniser:
    """The engine for these weights: NeMo models run in NeMo on a GPU; else ONNX Runtime and CTranslate2 are used."""
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
    """A placeholder for a recogniser without weights; its message says how to get them."""

    def __init__(self, name: str) -> None:
        entry = load_registry()[name]
        super().__init__(name, frozenset(entry.languages), f"missing {name}", how_to_get(entry))


def calibrated(recogniser: Recogniser) -> Recogniser:
    """The recogniser with the calibration of its weights; unchanged if the weights or the calibration are missing."""
    located = try_locate(recogniser.name) if recogniser.name in load_registry() else None
    if located is None:
        return recogniser
    card = find_card(located)
    if card is None:
        log.info("%s: confidences are the model's own, because its weights have no calibration", recogniser.name)
        return recogniser
    return CalibratedRecogniser(recogniser, Calibration(*card.parameters))


COMMUNITY = "pyannote-community-1"


def diarizer() -> Diarizer:
    """The diarizer that MEDIAINDEX_DIARIZER selects, not loaded yet.

    ``onnx``: the built-in one. ``pyannote``: the pipeline of pyannote.audio, community-1 if its weights are installed,
    else that of 3.1; on a CPU it is many times slower, and it holds the whole recording in memory. If the variable is
    not set: community-1 on a GPU if installed, else the built-in one. Raises ModelMissingError.
    """
    from mediaindex.engines.pyannote_audio import pyannote
    from mediaindex.engines.runtime.device import device

    wanted = SpeechSettings.read().diarizer
    if wanted == "onnx" or (not wanted and device() == "cpu"):
        return _built_in()
    community = try_locate(COMMUNITY)
    if community:
        named = identity("pyannote.audio", community)
        return pyannote.load_community(community.path, identity=named, device=device())
    return _of_3_1() if wanted else _built_in()


def _of_3_1() -> Diarizer:
    from mediaindex.engines.pyannote_audio import pyannote

    segmentation, embedding = model("pyannote-segmentation-3.0"), model("wespeaker-resnet34")
    named = identity("pyannote.audio", segmentation, embedding)
    return pyannote.load(segmentation.path, embedding.path, identity=named)


def _built_in() -> Diarizer:
    from mediaindex.engines.diarization import diarizer as onnx

    segmentation, embedding = model("pyannote-segmentation-3.0-onnx"), model("wespeaker-resnet34")
    return onnx.load(segmentation, embedding, identity=identity("onnxruntime", segmentation, embedding))


def model(name: str) -> LocatedModel:
    """The model with this name. Raises ModelMissingError if it is not on this machine and may not be fetched now."""
    return ensure([name])[name]


def identity(library: str, *models: LocatedModel) -> str:
    """The identity of an engine: library, version and hashes of the weights."""
    return f"{library} {version(library)} sha256:{'+'.join(model.sha256 for model in models)}"
