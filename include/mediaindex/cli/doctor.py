"""``mediaindex doctor``: check everything that this installation needs, and say what to do about each problem."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import StrEnum
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mediaindex import settings
from mediaindex.errors import ConfigError, MediaindexError
from mediaindex.settings import ServerSettings, SourceSettings, SpeechSettings, StorageSettings

from .figures import count_of
from .options import LOCAL, Json, catalog
from .terminal import say, say_json

if TYPE_CHECKING:
    from mediaindex.config.sources import Checked, Configuration
    from mediaindex.upkeep.checking import Check


class Part(StrEnum):
    """What is checked, in this order."""

    ENVIRONMENT = "environment"
    SOURCES = "sources"
    CATALOG = "catalog"
    SEARCH = "search"
    STORAGE = "storage"
    QUEUES = "queues"
    SPEECH = "speech"
    AIRFLOW = "airflow"


Only = Annotated[list[Part] | None, typer.Option("--only", help="Check only this part; may be repeated.")]


def doctor(*, only: Only = None, as_json: Json = False) -> None:
    """Check variables, sources file, servers, rights, buckets, queues, ffmpeg, models, pools and DAG files.

    Each problem is printed with what to do about it. Besides a small object in the bucket for artifacts, which is
    deleted again, nothing is written. The exit code is 1 if there is a problem.

    Examples:

      mediaindex doctor

      mediaindex doctor --only catalog --only search
    """
    file = SourcesFile()
    looked = (check for part in only or Part for check in _PARTS[part](file))
    checks = list(looked if as_json else _shown(looked))
    problems = sum(not check.ok for check in checks)
    if as_json:
        say_json({"ok": not problems, "checks": [asdict(check) for check in checks]}, indent=2)
    else:
        say(f"{count_of(len(checks), 'check')}, {count_of(problems, 'problem') if problems else 'no problem'}.")
    if problems:
        raise typer.Exit(1)


class SourcesFile:
    """The sources file, which several parts need: read once, so that all of them see the same."""

    @cached_property
    def checked(self) -> Checked:
        """Its configuration, or its faults. Raises ConfigError if it cannot be read."""
        from mediaindex.config import sources

        return sources.check(SourceSettings.read().config)

    @property
    def configuration(self) -> Configuration | None:
        """The configuration if the file is valid; the part ``sources`` shows its faults."""
        try:
            return self.checked.configuration
        except MediaindexError:
            return None


def _environment(_file: SourcesFile) -> Iterator[Check]:
    from mediaindex.upkeep.checking import Check

    faults = [*settings.problems()]
    similar = [f"{name} is unknown; write {near}" for name, near in settings.unknown_variables().items()]
    detail = "; ".join([*faults, *similar]) or "MEDIAINDEX_ variables are valid"
    yield Check(Part.ENVIRONMENT, "variables", not faults and not similar, detail)


def _sources(file: SourcesFile) -> Iterator[Check]:
    from mediaindex.upkeep.checking import Check

    path = SourceSettings.read().config
    try:
        found = file.checked
    except MediaindexError as error:
        yield Check(Part.SOURCES, str(path), False, error.message)
        return
    for fault in found.faults:
        yield Check(Part.SOURCES, str(path), False, str(fault))
    if found.configuration:
        yield Check(Part.SOURCES, str(path), True, count_of(len(found.configuration.sources), "source"))


def _catalog(_file: SourcesFile) -> Iterator[Check]:
    from mediaindex.upkeep import checking

    def look() -> Iterator[Check]:
        with catalog("doctor") as conn:
            yield from checking.catalog(conn)

    yield from _connected(Part.CATALOG, look)


def _search(_file: SourcesFile) -> Iterator[Check]:
    from mediaindex.search import from_environment
    from mediaindex.upkeep import checking

    yield from _connected(Part.SEARCH, lambda: checking.search(from_environment()))


def _storage(file: SourcesFile) -> Iterator[Check]:
    from mediaindex.storage.client import s3_client
    from mediaindex.upkeep import checking

    def look() -> Iterator[Check]:
        artifacts, known = StorageSettings.need("artifacts_bucket", LOCAL), file.configuration
        yield from checking.storage(s3_client(), artifacts, known.sources if known else ())

    yield from _connected(Part.STORAGE, look)


def _queues(file: SourcesFile) -> Iterator[Check]:
    from mediaindex.storage.queue import sqs_client
    from mediaindex.upkeep import checking

    def look() -> Iterator[Check]:
        endpoint, known = ServerSettings.read().sqs_endpoint_url, file.configuration
        urls = known.queues if known else SourceSettings.read().event_queues
        yield from checking.queues({url: sqs_client({}, endpoint) for url in urls})

    yield from _connected(Part.QUEUES, look)


def _speech(file: SourcesFile) -> Iterator[Check]:
    """Of this environment if it has the engines, else of the one that MEDIAINDEX_SPEECH_PYTHON names."""
    from mediaindex.upkeep import commands
    from mediaindex.upkeep.checking import Check, checked

    if find_spec("onnxruntime"):
        yield checked(Part.SPEECH, "ffmpeg", _ffmpeg)
        yield checked(Part.SPEECH, "containment", _containment)
        yield from _models(file.configuration)
        return
    python = SpeechSettings.read().speech_python
    if python is None:
        detail = "MEDIAINDEX_SPEECH_PYTHON is not set; set it to the Python of the speech environment"
        yield Check(Part.SPEECH, "python", False, detail)
        return
    command = [str(python.parent / "mediaindex"), "doctor", "--only", "speech", "--json"]
    try:
        yield from (Check(**found) for found in json.loads(commands.output(command, accept=(0, 1)))["checks"])
    except (ConfigError, ValueError, KeyError) as error:
        yield Check(Part.SPEECH, str(python), False, f"{error}; install the package and its speech extra there")


def _ffmpeg() -> str:
    from mediaindex.upkeep import commands

    for name in ("ffmpeg", "ffprobe"):
        if not shutil.which(name):
            raise ConfigError(f"{name} is not installed, or not in PATH; install the package ffmpeg of your system")
    return commands.output(["ffmpeg", "-version"]).partition(" Copyright")[0]


def _containment() -> str:
    from mediaindex.stages.media.containment import containment

    return containment().sentence


def _models(known: Configuration | None) -> Iterator[Check]:
    from mediaindex.models import check, register
    from mediaindex.upkeep.checking import Check

    register(known.models if known else ())
    wanted = set(known.recognisers if known else ())
    for row in check():
        if row.located:
            yield Check(Part.SPEECH, f"model {row.entry.name}", True, row.located.source)
        elif row.entry.required or row.damaged or row.entry.name in wanted:
            yield Check(Part.SPEECH, f"model {row.entry.name}", False, row.problem or "missing")


def _airflow(_file: SourcesFile) -> Iterator[Check]:
    """Pools and DAG files, as Airflow's command line shows them; nothing where Airflow is not installed."""
    from mediaindex.upkeep.checking import checked

    if find_spec("airflow"):
        airflow = str(Path(sys.executable).parent / "airflow")
        yield checked(Part.AIRFLOW, "pools", lambda: _pools(airflow))
        yield checked(Part.AIRFLOW, "DAG files", lambda: _dag_files(airflow))


def _pools(airflow: str) -> str:
    from mediaindex.orchestration import pools

    wanted, found = pools.needed(), pools.existing(airflow)
    if missing := sorted(name for name in wanted if not found.get(name)):
        raise ConfigError(
            f"{', '.join(missing)} missing or without slots, and tasks of a missing pool wait for ever; "
            "create it: `airflow pools set NAME SLOTS DESCRIPTION`, or import pools.json of mediaindex.orchestration"
        )
    return ", ".join(f"{name} {found[name]}" for name in wanted)


def _dag_files(airflow: str) -> str:
    from mediaindex.upkeep import commands

    errors = commands.rows([airflow, "dags", "list-import-errors"], accept=(0, 1))  # 1 if there are errors
    if errors:
        first = errors[0]
        lines = str(first.get("error", "")).strip().splitlines()
        raise ConfigError(f"{first.get('filepath')} cannot be imported: {lines[-1] if lines else 'no reason is given'}")
    return "no import errors"


def _connected(part: Part, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """The checks, and one more if no connection can be made or a variable is missing."""
    from mediaindex.upkeep.checking import Check

    try:
        yield from look()
    except MediaindexError as error:
        yield Check(part, "connection", False, error.message)


_PARTS: dict[Part, Callable[[SourcesFile], Iterator[Check]]] = {
    Part.ENVIRONMENT: _environment,
    Part.SOURCES: _sources,
    Part.CATALOG: _catalog,
    Part.SEARCH: _search,
    Part.STORAGE: _storage,
    Part.QUEUES: _queues,
    Part.SPEECH: _speech,
    Part.AIRFLOW: _airflow,
}


def _shown(checks: Iterator[Check]) -> Iterator[Check]:
    """Print each check as soon as it is made: some take seconds."""
    from mediaindex.printable import printable

    for check in checks:
        mark, detail = "ok" if check.ok else "problem", " ".join(check.detail.split())
        say(printable(f"{mark:<8} {check.part:<11}  {check.subject}: {detail}"))  # one line, whatever the names hold
        yield check
