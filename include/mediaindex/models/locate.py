"""Locates models on this machine, without using the network: your own folder, the official place, a package."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, ModelMissingError
from mediaindex.settings import ModelSettings

from . import hub, web
from .files import file_digest, tree_digest
from .registry import PARTS, ModelEntry, find, load_registry

Source = Literal["local", "official", "package"]


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

    Raises ModelMissingError, which says how to get it, if none has it, and ConfigError (``model_changed``) if its
    sha256 is not the pinned one.
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
    """The message for a missing model: the command that fetches it, from where, and where to put it by hand."""
    missing = f"model {entry.name} ({entry.task}) is missing"
    if entry.location:
        what = f"a folder with {', '.join(_needed(entry))}" if entry.form == "directory" else "a file"
        return f"{missing}: {entry.location} is not {what}; copy it there, or correct its `path` in the sources file"
    root = ModelSettings.read().models
    by_hand = f"copy it to {entry.path} in MEDIAINDEX_MODELS ({root or 'not set'})"
    if entry.bundled:
        return f"{missing}; install {entry.bundled.distribution}, which contains it, or {by_hand}"
    places = []
    if entry.official:
        places.append(f"{'Hugging Face' if entry.official.repo else 'its publisher'} ({entry.official})")
    if entry.packages:
        places.append(f"packages ({', '.join(f'{p.project} {p.version}' for p in entry.packages)})")
    if not places:
        return f"{missing}; {by_hand}"
    command = f"`mediaindex models fetch {entry.name}`"
    return f"{missing}; {command} fetches it from {', or else '.join(places)}; or {by_hand}"


def _locate(entry: ModelEntry) -> LocatedModel | None:
    if entry.location:
        path = _present(entry, entry.location)
        return _described(entry, path, "local") if path else None
    root = ModelSettings.read().models
    if root and (path := _present(entry, root / entry.path)):
        return _described(entry, path, "local")
    official = _official(entry)
    if official and is_pinned(entry):
        return _described(entry, official, "official")
    if path := _bundled(entry) or fetched(entry):
        return _described(entry, path, "package")
    return _described(entry, official, "official") if official else None


def is_pinned(entry: ModelEntry) -> bool:
    """Whether somebody has said which weights of the official place are the right ones."""
    trusted = ModelSettings.read().trusted_models
    return bool(entry.pin) or any(known.startswith(f"{entry.name}=") for known in trusted)


def _official(entry: ModelEntry) -> Path | None:
    if entry.official is None:
        return None
    path = web.kept(entry) if entry.official.url else hub.cached(entry.official)
    return _present(entry, path) if path else None


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
    return path if path.is_dir() and all((path / part).is_file() for part in _needed(entry)) else None


def _needed(entry: ModelEntry) -> tuple[str, ...]:
    """The files without which a directory is not the model."""
    weights = (entry.weights,) if entry.weights else ()
    return (*weights, *PARTS.get(entry.engine or "", ()))


def _described(entry: ModelEntry, path: Path, source: Source) -> LocatedModel:
    sha256 = _sha256(entry, path)
    if source == "official":
        _check_official(entry, path, sha256)
    elif entry.sha256 not in {None, sha256}:
        raise ConfigError(
            f"model {entry.name} at {path}: sha256 is {sha256}, but {entry.sha256} is registered; "
            "replace the file, or delete it and run `mediaindex models fetch`",
            code=ErrorCode.MODEL_CHANGED,
        )
    return LocatedModel(entry.name, path, source, sha256, entry.licence, entry.languages)


def _check_official(entry: ModelEntry, path: Path, sha256: str) -> None:
    """Raise ConfigError for weights of a hub that neither the registry nor the operator knows.

    Whoever controls the repository, or the cache on this machine, could otherwise replace them.
    """
    if sha256 == entry.pin or f"{entry.name}={sha256}" in ModelSettings.read().trusted_models:
        return
    commit = hub.commit_of(path)
    line = f"- {{name: {entry.name}, {f'revision: {commit}, ' if commit else ''}sha256: {sha256}}}"
    raise ConfigError(
        f"model {entry.name} at {path}: its sha256 {sha256} is {f'not {entry.pin}' if entry.pin else 'unknown'}, so it "
        f"is not used; compare it with the publisher's, then write `{line}` under `models:` in the sources file, or "
        f"set MEDIAINDEX_TRUSTED_MODELS={entry.name}={sha256}",
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
