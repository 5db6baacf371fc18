"""The sources file: one YAML file that says where recordings come from, validated as a whole.

Read while DAG files are parsed, so only the file itself is accessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from mediaindex.contract.job import Hints, RawFormat, S3Store
from mediaindex.contract.models import OwnModel
from mediaindex.contract.settings import TrackPolicy
from mediaindex.contract.states import Lane
from mediaindex.errors import ConfigError
from mediaindex.settings import SourceSettings, StorageSettings

from . import document, prefixes, rules
from .checks import Finding, also, fault, stage_settings, triage_settings, unique, with_findings
from .document import Fault, Place
from .models import LanguageCode, described, languages, unknown_names
from .podcasts import PodcastPart
from .prefixes import Rival
from .retention import Retention
from .rules import Archive, Glob, KeyPattern, Listing, Part
from .schedules import Schedule

Price = Annotated[float, Field(ge=0)]


class Prices(Part):
    """Prices of an hour of work. Idle cores are not counted: for a rented machine, give the price of a used hour."""

    # The code of the currency, such as EUR.
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    # Price of one hour of one busy CPU core.
    cpu_core_hour: Price
    # Price of one hour of one GPU.
    gpu_hour: Price = 0.0

    def cost(self, cpu_s: float, gpu_s: float) -> float:
        """The cost of these seconds of a core and of a GPU."""
        return (cpu_s * self.cpu_core_hour + gpu_s * self.gpu_hour) / 3600


QueueUrl = Annotated[str, Field(pattern=r"^https?://\S+$")]
StageOverrides = Annotated[dict[str, Any], AfterValidator(stage_settings)]
TriageOverrides = Annotated[dict[str, Any], AfterValidator(triage_settings)]


def _renders(prefix: Any, info: ValidationInfo) -> Iterator[Finding]:
    if not isinstance(prefix, str):
        return
    for message in prefixes.template_faults(prefix):
        yield (), fault(message)
    if info.data.get("kind") == "podcast" and prefixes.literal(prefix) != prefix:
        yield (), fault("has a date, but episodes of a podcast keep their keys; write a prefix without a template")


def _names_once(sources: Any, _info: ValidationInfo) -> Iterator[Finding]:
    given = sources if isinstance(sources, list | tuple) else ()
    names = [source.get("name") if isinstance(source, dict) else getattr(source, "name", None) for source in given]
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            yield (index, "name"), fault(f"another source is called {name!r}; choose another name")


def artifacts() -> tuple[str, str]:
    """Bucket and prefix of the artifacts; without a bucket, if this process does not know it."""
    return StorageSettings.read().artifacts_bucket or "", str(S3Store.model_fields["prefix"].default)


def _no_artifacts(sources: Any, _info: ValidationInfo) -> Iterator[Finding]:
    place = artifacts()
    for index, source in enumerate(sources if isinstance(sources, list | tuple) else ()):
        given = source if isinstance(source, dict) else getattr(source, "__dict__", {})
        include, exclude = given.get("include", ()), given.get("exclude", ())
        prefix = given.get("prefix", "")
        if given.get("bucket") != place[0] or not isinstance(prefix, str):
            continue
        if not (_is_texts(include) and _is_texts(exclude)):
            continue
        if message := prefixes.artifact_fault(prefix, include, exclude, place):
            yield (index, "prefix" if "prefix" in given else "bucket"), fault(message)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)


def _with_rivals(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    place = artifacts()
    return tuple(source.beside(prefixes.rivals(sources, at, place)) for at, source in enumerate(sources))


class Source(PodcastPart):
    """A prefix of a bucket. The documentation has the comment above each field."""

    # Names the source in the ledger, in commands and in the DAG `discover_NAME`.
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    # The bucket that recordings are uploaded to.
    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    # Keys begin with this. Jinja on the data interval is rendered per run: `calls/{{ ds }}/` is one folder per day.
    prefix: Annotated[str, also(_renders)] = ""
    # How often `discover_NAME` runs (UTC): five cron fields, or a preset such as @hourly.
    schedule: Schedule = "@hourly"
    # The lane, with its own speech slots and DAG. Work in `backfill` does not delay work in `fresh`.
    lane: Lane = Lane.FRESH
    # Batches of a source with a higher number start first within their lane.
    priority: Annotated[int, Field(ge=1, le=9)] = 5
    # Only keys that match one of these patterns are recordings; empty allows all. `*` also matches slashes.
    include: tuple[Glob, ...] = ()
    # Keys that match one of these patterns are ignored.
    exclude: tuple[Glob, ...] = ()
    # A regular expression whose named groups become searchable metadata of the recording, found anywhere in the key.
    metadata: KeyPattern | None = None
    # How the prefix is listed, which determines the cost of discovery.
    listing: Listing = Listing()
    # What happens to objects in an archive storage class.
    archive: Archive = Archive()
    # Seconds that an object must stay unchanged before it counts as complete. S3 shows only complete objects; gateways
    # over file systems, and writers that write an object again, do not.
    settle_seconds: Annotated[float, Field(ge=0, le=300)] = 5.0
    # Uploads are announced on a queue, so `check_events` fails if only listings find them.
    events: bool = False
    # Settings of triage for this source; they take precedence over the file's own `triage`.
    triage: TriageOverrides = Field(default_factory=dict)
    # How long objects, normalised audio and transcripts are kept.
    retention: Retention = Retention()
    # The languages that occur (ISO 639-1); empty allows all.
    languages: tuple[LanguageCode, ...] = ()
    # The number of speakers, if it is always the same.
    speakers: Annotated[int, Field(ge=1)] | None = None
    # How to read headerless audio; leave it out for files with a header.
    raw_format: RawFormat | None = None
    # Calls with one speaker per channel: the channel is the speaker.
    party_a_channel: bool = False
    # Which audio tracks of a file with several are used. `mix`: all that belong together; those in another language or
    # programme than the main one, commentaries and descriptions are left out with a warning. `first`: only the main
    # one, which is the default track or the one with most channels. `each`: all, also in other languages, each of them
    # with a speaker of its own. If not given: as the settings of normalize say, `mix`.
    tracks: TrackPolicy | None = None
    # Names and terms, written as they should appear, that recognition prefers to similar sounds.
    vocabulary: tuple[Annotated[str, Field(min_length=2, max_length=60)], ...] = ()
    # Most seconds of audio in a batch; a longer recording is a batch of its own.
    batch_seconds: Annotated[float, Field(gt=0)] = 300.0
    # Most recordings in a batch.
    batch_items: Annotated[int, Field(ge=1, le=500)] = 50
    # Most hours of audio that are planned per day (UTC), new and repeated ones; what is more waits for the next day.
    hours_per_day: Annotated[float, Field(gt=0)] | None = None
    # Seconds between two checks for new objects while a run of `discover_NAME` waits.
    sensor_poke_seconds: Annotated[float, Field(ge=1)] = 60.0
    # Seconds after which the wait ends, and the run is skipped if nothing new came.
    sensor_timeout_seconds: Annotated[float, Field(ge=1)] = 3000.0

    _rivals: tuple[Rival, ...] = PrivateAttr(())

    def beside(self, rivals: tuple[Rival, ...]) -> Source:
        """The source as a part of its file, where some of its keys belong to other sources."""
        copy = self.model_copy()
        copy._rivals = rivals
        return copy

    def wants(self, key: str) -> bool:
        """Whether the key is a recording by ``include`` and ``exclude``, and does not belong to another source."""
        return rules.wanted(key, self.include, self.exclude) and not any(
            rival.takes(key, self.prefix) for rival in self._rivals
        )

    def facts_in(self, key: str) -> dict[str, str]:
        """Metadata of the recording in its key, by the named groups of ``metadata``."""
        return rules.facts_in(key, self.metadata)

    @property
    def literal_prefix(self) -> str:
        """The part of ``prefix`` before its template."""
        return prefixes.literal(self.prefix)

    @property
    def hints(self) -> Hints:
        """Facts about every recording of this source, for the stages."""
        return Hints(
            raw_format=self.raw_format,
            languages=self.languages,
            speakers=self.speakers,
            party_a_channel=self.party_a_channel,
            tracks=self.tracks,
            vocabulary=self.vocabulary,
        )


class Configuration(Part):
    """The whole file. The documentation has the comment above each field."""

    # Where recordings come from.
    sources: Annotated[tuple[Source, ...], also(_names_once, _no_artifacts), AfterValidator(_with_rivals)]
    # Settings of stages, by stage name and field name.
    stages: StageOverrides = Field(default_factory=dict)
    # Settings of triage for all sources.
    triage: TriageOverrides = Field(default_factory=dict)
    # Models in order of preference; a recording goes to the first that supports its language. Empty: the workers'
    # MEDIAINDEX_RECOGNISERS, and without that the default.
    recognisers: Annotated[tuple[str, ...], also(unique)] = ()
    # Recognisers of your own, for `recognisers`; and pins of models of the registry.
    models: Annotated[tuple[OwnModel, ...], also(described)] = ()
    # Addresses of SQS queues that announce uploads. If empty: those of MEDIAINDEX_EVENT_QUEUES.
    event_queues: Annotated[tuple[QueueUrl, ...], also(unique)] = ()
    # Prices for forecasts of backfills.
    prices: Prices | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _names_exist(cls, written: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        configuration: Self = with_findings((unknown_names,), written, handler, info)
        return configuration

    def source(self, name: str) -> Source:
        """The source of this name. Raises ConfigError, with the valid names, if it does not exist."""
        for source in self.sources:
            if source.name == name:
                return source
        valid = ", ".join(source.name for source in self.sources)
        raise ConfigError(f"unknown source {name!r}; valid sources: {valid}")

    def triage_of(self, source: str) -> dict[str, Any]:
        """The settings of triage for this source."""
        return self.triage | self.source(source).triage

    def source_of(self, bucket: str, key: str) -> Source | None:
        """The source of an object: the one with the longest prefix, of equal ones the first."""
        return next(
            (
                source
                for source in self.sources
                if source.bucket == bucket and prefixes.covers(source.prefix, key) and source.wants(key)
            ),
            None,
        )

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues of the file, else those of MEDIAINDEX_EVENT_QUEUES (addresses, with spaces between them)."""
        return self.event_queues or SourceSettings.read().event_queues


def path_from_environment() -> Path:
    """MEDIAINDEX_CONFIG, by default ``/etc/mediaindex/sources.yaml``."""
    return SourceSettings.read().config


@dataclass(frozen=True, slots=True)
class Checked:
    """A sources file: its configuration, or all its faults. ``warnings``: valid, but probably not intended."""

    configuration: Configuration | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()


def load(path: Path) -> Configuration:
    """The configuration as the file is now. Raises ConfigError with file, line, field and remedy of every fault.

    The file is read again only if it has changed, so a process that lives for weeks follows it.
    """
    return _load(path, _identity(path), artifacts())


def _identity(path: Path) -> tuple[int, ...]:
    """What changes if the file is written or replaced; empty if it cannot be read, which reading it reports."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@lru_cache(maxsize=4)
def _load(path: Path, _identity: tuple[int, ...], _artifacts: tuple[str, str]) -> Configuration:
    checked, _ = _read(path)
    if checked.configuration is None:
        lines = [f"{path}:{fault}" for fault in checked.faults]
        raise ConfigError("\n".join(lines if len(lines) == 1 else [f"{path}: {len(lines)} faults", *lines]))
    return checked.configuration


def check(path: Path) -> Checked:
    """Faults and warnings of the file as it is now. Raises ConfigError if it cannot be read."""
    checked, written = _read(path)
    known = checked.configuration
    if known is None:
        return checked
    warnings = [written.fault(place, message) for place, message in _doubts(known)]
    return Checked(known, (), tuple(sorted(warnings)))


def _doubts(known: Configuration) -> Iterator[tuple[Place, str]]:
    for index, message in prefixes.overlaps(known.sources):
        yield ("sources", index, "prefix"), message
    supported = languages(known.recognisers, known.models) if known.recognisers else frozenset()
    for index, source in enumerate(known.sources):
        for at, code in enumerate(source.languages):
            if known.recognisers and code not in supported:
                yield (
                    ("sources", index, "languages", at),
                    f"none of the file's recognisers supports {code!r}; add one that does to recognisers",
                )


def _read(path: Path) -> tuple[Checked, document.Document]:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist; write it, or set MEDIAINDEX_CONFIG to the file's path") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; check its path and permissions") from error
    written = document.read(data)
    if written.root is None and written.faults:
        return Checked(None, written.faults), written
    try:
        configuration = Configuration.model_validate(written.content)
    except ValidationError as error:
        from .faults import faults_of

        return Checked(None, tuple(sorted((*written.faults, *faults_of(error, written, Configuration))))), written
    return Checked(None if written.faults else configuration, written.faults), written
