"""``mediaindex doctor``: check everything that this installation needs, and say what to do about each problem."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from enum import StrEnum
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediaindex import settings
from mediaindex.errors import ConfigError, MediaindexError
from mediaindex.settings import ServerSettings, SourceSettings, SpeechSettings, StorageSettings

from .figures import count_of
from .options import LOCAL, Json, catalog
from .terminal import say, say_json

if TYPE_CHECKING:
    from mediaindex.config.sources import Configuration
    from mediaindex.upkeep.checking import Check

ANSWER_SECONDS = 120  # of Airflow's command line, or of the speech environment, which hashes its models


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
    looked = (check for part in only or Part for check in _PARTS[part]())
    checks = list(looked if as_json else _shown(looked))
    problems = sum(not check.ok for check in checks)
    if as_json:
        say_json({"ok": not problems, "checks": [asdict(check) for check in checks]}, indent=2)
    else:
        say(f"{count_of(len(checks), 'check')}, {count_of(problems, 'problem') if problems else 'no problem'}.")
    if problems:
        raise typer.Exit(1)


def _environment() -> Iterator[Check]:
    from mediaindex.upkeep.checking import Check

    faults = [*settings.problems()]
    similar = [f"{name} is unknown; write {near}" for name, near in settings.unknown_variables().items()]
    detail = "; ".join([*faults, *similar]) or "MEDIAINDEX_ variables are valid"
    yield Check(Part.ENVIRONMENT, "variables", not faults and not similar, detail)


def _sources() -> Iterator[Check]:
    from mediaindex.config import sources
    from mediaindex.upkeep.checking import Check

    path = SourceSettings.read().config
    try:
        found = sources.check(path)
    except MediaindexError as error:
        yield Check(Part.SOURCES, str(path), False, error.message)
        return
    for fault in found.faults:
        yield Check(Part.SOURCES, str(path), False, str(fault))
    if found.configuration:
        yield Check(Part.SOURCES, str(path), True, count_of(len(found.configuration.sources), "source"))


def _catalog() -> Iterator[Check]:
    from mediaindex.upkeep import checking

    def look() -> Iterator[Check]:
        with catalog("doctor") as conn:
            yield from checking.catalog(conn)

    yield from _connected(Part.CATALOG, look)


def _search() -> Iterator[Check]:
    from mediaindex.search import from_environment
    from mediaindex.upkeep import checking

    yield from _connected(Part.SEARCH, lambda: checking.search(from_environment()))


def _storage() -> Iterator[Check]:
    from mediaindex.storage.client import s3_client
    from mediaindex.upkeep import checking

    def look() -> Iterator[Check]:
        artifacts, known = StorageSettings.need("artifacts_bucket", LOCAL), _configuration()
        yield from checking.storage(s3_client(), artifacts, known.sources if known else ())

    yield from _connected(Part.STORAGE, look)


def _queues() -> Iterator[Check]:
    from mediaindex.storage.queue import sqs_client
    from mediaindex.upkeep import checking

    def look() -> Iterator[Check]:
        endpoint, known = ServerSettings.read().sqs_endpoint_url, _configuration()
        urls = known.queues if known else SourceSettings.read().event_queues
        yield from checking.queues({url: sqs_client({}, endpoint) for url in urls})

    yield from _connected(Part.QUEUES, look)


def _speech() -> Iterator[Check]:
    """Of this environment if it has the engines, else of the one that MEDIAINDEX_SPEECH_PYTHON names."""
    from mediaindex.upkeep.checking import Check, checked

    if find_spec("onnxruntime"):
        yield checked(Part.SPEECH, "ffmpeg", _ffmpeg)
        yield from _models()
        return
    python = SpeechSettings.read().speech_python
    if python is None:
        detail = "MEDIAINDEX_SPEECH_PYTHON is not set; set it to the Python of the speech environment"
        yield Check(Part.SPEECH, "python", False, detail)
        return
    command = [str(python.parent / "mediaindex"), "doctor", "--only", "speech", "--json"]
    try:
        yield from (Check(**found) for found in json.loads(_output(command, accept=(0, 1)))["checks"])
    except (ConfigError, ValueError, KeyError) as error:
        yield Check(Part.SPEECH, str(python), False, f"{error}; install the package and its speech extra there")


def _ffmpeg() -> str:
    for name in ("ffmpeg", "ffprobe"):
        if not shutil.which(name):
            raise ConfigError(f"{name} is not installed, or not in PATH; install the package ffmpeg of your system")
    return _output(["ffmpeg", "-version"]).partition(" Copyright")[0]


def _models() -> Iterator[Check]:
    from mediaindex.models import check, register
    from mediaindex.upkeep.checking import Check

    known = _configuration()
    register(known.models if known else ())
    wanted = set(known.recognisers if known else ())
    for row in check():
        if row.located:
            yield Check(Part.SPEECH, f"model {row.entry.name}", True, row.located.source)
        elif row.entry.required or row.damaged or row.entry.name in wanted:
            yield Check(Part.SPEECH, f"model {row.entry.name}", False, row.problem or "missing")


def _airflow() -> Iterator[Check]:
    """Pools and DAG files, as Airflow's command line shows them; nothing where Airflow is not installed."""
    from mediaindex.upkeep.checking import checked

    if find_spec("airflow"):
        airflow = str(Path(sys.executable).parent / "airflow")
        yield checked(Part.AIRFLOW, "pools", lambda: _pools(airflow))
        yield checked(Part.AIRFLOW, "DAG files", lambda: _dag_files(airflow))


def _pools(airflow: str) -> str:
    wanted = json.loads((files("mediaindex.orchestration") / "pools.json").read_text("utf-8"))
    found = {pool["pool"]: int(pool["slots"]) for pool in _rows([airflow, "pools", "list", "--output", "json"])}
    if missing := sorted(name for name in wanted if not found.get(name)):
        raise ConfigError(
            f"{', '.join(missing)} missing or without slots, and tasks of a missing pool wait for ever; "
            "create it: `airflow pools set NAME SLOTS DESCRIPTION`, or import pools.json of mediaindex.orchestration"
        )
    return ", ".join(f"{name} {found[name]}" for name in wanted)


def _dag_files(airflow: str) -> str:
    errors = _rows([airflow, "dags", "list-import-errors", "--output", "json"])
    if errors:
        first = errors[0]
        lines = str(first.get("error", "")).strip().splitlines()
        raise ConfigError(f"{first.get('filepath')} cannot be imported: {lines[-1] if lines else 'no reason is given'}")
    return "no import errors"


def _rows(command: list[str]) -> list[dict[str, Any]]:
    output = _output(command, accept=(0, 1))
    # Lines of the log, which begin with a date, may come before.
    found = re.search(r"^\[\s*[{\]]", output, re.MULTILINE)
    try:
        rows: list[dict[str, Any]] = json.JSONDecoder().raw_decode(output[found.start() :])[0] if found else []
    except ValueError:
        rows = []
    return rows


def _output(command: list[str], accept: tuple[int, ...] = (0,)) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=ANSWER_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{command[0]} cannot be run: {error}") from error
    if done.returncode not in accept:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise ConfigError(f"{command[0]} failed with exit code {done.returncode}: {last}")
    return done.stdout


def _connected(part: Part, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """The checks, and one more if no connection can be made or a variable is missing."""
    from mediaindex.upkeep.checking import Check

    try:
        yield from look()
    except MediaindexError as error:
        yield Check(part, "connection", False, error.message)


def _configuration() -> Configuration | None:
    """The sources file if it is valid; the part ``sources`` shows its faults."""
    from mediaindex.config import sources

    try:
        return sources.check(SourceSettings.read().config).configuration
    except MediaindexError:
        return None


_PARTS: dict[Part, Callable[[], Iterator[Check]]] = {
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
