"""Models that a sources file registers: part of the file, and of the jobs made with it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

RecogniserEngine = Literal["nemo-ctc", "nemo-transducer", "whisper"]

ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Repository = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")]


class OwnModel(BaseModel):
    """A recogniser besides those of the registry, or the pin of one of the registry."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Names the model in `recognisers` and in commands. An entry with a name of the registry pins that model: it has
    # `sha256`, and `revision` where the registry has none, and nothing else.
    name: ModelName
    # What the weights are: a NeMo checkpoint with a CTC decoder (Conformer, FastConformer), one with a transducer
    # (RNN-T, TDT), or a Whisper that CTranslate2's converter made for faster-whisper.
    engine: RecogniserEngine | None = None
    # The languages that it recognises (ISO 639-1).
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], ...] = ()
    # A `.nemo` file or the folder of a Whisper, on every machine that runs speech tasks: an absolute path, or one below
    # MEDIAINDEX_MODELS. Instead of `hub`.
    path: Annotated[str, Field(min_length=1)] | None = None
    # The repository on Hugging Face, as ORGANISATION/NAME. Instead of `path`.
    hub: Repository | None = None
    # With `hub` and a NeMo engine: the `.nemo` file in the repository.
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w./-]*\.nemo$")] | None = None
    # With `hub`: the commit, as 40 hexadecimal digits.
    revision: Revision | None = None
    # The hash of the `.nemo` file, or of the Whisper's `model.bin`. Required with `hub`; with `path` other weights are
    # used as soon as they are there, and their results are computed anew.
    sha256: Sha256 | None = None
    # For lists and reports.
    licence: Annotated[str, Field(min_length=1, max_length=60)] = "not stated"
