"""The models of an installation for commands: those of the sources file, what is needed, and fetching with progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from mediaindex.models import LocatedModel, Origin, fetch, load_registry, register, try_locate
from mediaindex.models import Progress as Report
from mediaindex.settings import ModelSettings, SourceSettings, SpeechSettings

from .terminal import Terminal

_err = Terminal(stderr=True)


def use_own_models() -> tuple[str, ...]:
    """Register the models of the sources file, if there is one. Returns the recognisers that the file names.

    Raises ConfigError if the file has faults, or if MEDIAINDEX_CONFIG names a file that does not exist.
    """
    path = SourceSettings.read().config
    if not path.exists() and not os.environ.get(SourceSettings.variable("config")):
        return ()
    from mediaindex.config import sources

    known = sources.load(path)
    register(known.models)
    return known.recognisers


def needed(recognisers: tuple[str, ...] = ()) -> list[str]:
    """Models of the default configuration, and the recognisers that a file or MEDIAINDEX_RECOGNISERS asks for.

    The default's preferred recogniser is not among them: it has no package, so not every machine can have it.
    """
    registry, asked = load_registry(), SpeechSettings.read().recognisers
    chosen = recognisers or (asked if asked != SpeechSettings.defaults().recognisers else ())
    required = [name for name, entry in registry.items() if entry.required]
    return list(dict.fromkeys([*required, *(name for name in chosen if name in registry)]))


def fetch_missing() -> None:
    """On a terminal, fetch what is needed and not on this machine, with progress; elsewhere, and offline, nothing.

    A person waits for a download; a script or a worker fails instead, with the command that fetches.
    """
    recognisers = use_own_models()
    if not sys.stderr.isatty() or ModelSettings.read().offline:
        return
    missing = [name for name in needed(recognisers) if try_locate(name) is None]
    for _ in fetched(missing):
        pass


def fetched(names: Iterable[str], only: Origin | None = None) -> Iterator[LocatedModel]:
    """Fetch each of these models, and show progress and notes on standard error."""
    told: set[str] = set()

    def note(message: str) -> None:
        if message not in told:
            told.add(message)
            _err.print(message, markup=False, highlight=False, soft_wrap=True)

    for name in names:
        with _bars() as show:
            located = fetch(name, show, only=only, note=note)
        yield located


@contextmanager
def _bars() -> Iterator[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    bars = Progress(*columns, console=_err, transient=True)
    tasks: dict[str, TaskID] = {}

    def show(file: str, done: int, total: int) -> None:
        bars.start()  # only now: the hub has progress bars of its own
        if file not in tasks:
            tasks[file] = bars.add_task(file)
        bars.update(tasks[file], completed=done, total=total)

    try:
        yield show
    finally:
        if tasks:
            bars.stop()
