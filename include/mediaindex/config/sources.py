"""Where recordings come from: one YAML file, checked whole before anything runs on it.

Read while DAG files are parsed, so this touches nothing but the file itself.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mediaindex.contract.job import Hints, RawFormat
from mediaindex.errors import ConfigError

from . import problems, rules
from .podcasts import PodcastPart
from .retention import Retention
from .rules import Archive, Glob, KeyPattern, Listing, Schedule

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Prices(BaseModel):
    """Prices of an hour of work. Idle cores are not counted: for a rented machine, give the price of a used hour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # The code of the currency, like EUR.
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    # Price of one hour of one busy CPU core.
    cpu_core_hour: Price
    # Price of one hour of one GPU.
    gpu_hour: Price = 0.0

    def cost(self, cpu_s: float, gpu_s: float) -> float:
        """Of so many seconds of a core and of a GPU."""
        return (cpu_s * self.cpu_core_hour + gpu_s * self.gpu_hour) / 3600


LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class Source(PodcastPart):
    """One prefix of one bucket. The comment above each field is its description in the documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Names the source in the ledger, in commands and in the DAG `discover_NAME`.
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    # The bucket that recordings are uploaded to.
    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    # Keys begin with this. Jinja on the data interval is rendered per run: `calls/{{ ds }}/` is one folder per day.
    prefix: str = ""
    # How often `discover_NAME` runs (UTC): five cron fields, or a preset such as @hourly.
    schedule: Schedule = "@hourly"
    # Whose speech slots and DAG the recordings take. Work in `backfill` never delays work in `fresh`.
    lane: Literal["fresh", "backfill"] = "fresh"
    # Batches of a source with a higher number start first within their lane.
    priority: Annotated[int, Field(ge=1, le=9)] = 5
    # Only keys that match one of these patterns are recordings; empty allows all. `*` also matches slashes.
    include: tuple[Glob, ...] = ()
    # Keys that match one of these patterns are ignored.
    exclude: tuple[Glob, ...] = ()
    # A regular expression whose named groups become searchable metadata of the recording, found anywhere in the key.
    metadata: KeyPattern | None = None
    # How the prefix is listed, which decides what discovery costs.
    listing: Listing = Listing()
    # What happens to objects in an archive storage class.
    archive: Archive = Archive()
    # Seconds that an object must stay unchanged before it counts as complete. S3 shows only complete objects; gateways
    # over file systems, and writers that write an object again, do not.
    settle_seconds: Annotated[float, Field(ge=0, le=300)] = 5.0
    # Uploads are announced on a queue, so `check_events` fails if only listings find them.
    events: bool = False
    # Settings of triage for this source; they take precedence over the file's own `triage`.
    triage: Annotated[dict[str, Any], Field(default_factory=dict)]
    # How long objects, normalised audio and transcripts are kept.
    retention: Retention = Retention()
    # The languages that occur (ISO 639-1); empty allows all.
    languages: tuple[LanguageCode, ...] = ()
    # How many people speak, if it is always the same number.
    speakers: Annotated[int, Field(ge=1)] | None = None
    # How to read headerless audio; leave it out for files with a header.
    raw_format: RawFormat | None = None
    # Calls with one speaker per channel: the channel is the speaker.
    party_a_channel: bool = False
    # Names and terms, written as they should appear, that recognition prefers to similar sounds.
    vocabulary: tuple[Annotated[str, Field(min_length=2, max_length=60)], ...] = ()
    # Seconds of audio that a batch collects at most; a longer recording is a batch of its own.
    batch_seconds: Annotated[float, Field(gt=0)] = 300.0
    # Recordings that a batch collects at most.
    batch_items: Annotated[int, Field(ge=1, le=500)] = 50
    # Seconds between two looks for new objects while a run of `discover_NAME` waits.
    sensor_poke_seconds: Annotated[float, Field(ge=1)] = 60.0
    # Seconds after which the wait ends, and the run is skipped if nothing new came.
    sensor_timeout_seconds: Annotated[float, Field(ge=1)] = 3000.0

    @field_validator("triage")
    @classmethod
    def _known_to_triage(cls, given: dict[str, Any]) -> dict[str, Any]:
        from mediaindex.contract.settings import TriageSettings, read_settings

        try:
            read_settings(TriageSettings, given, "triage")
        except ConfigError as error:
            raise ValueError(error.message) from error
        return given

    def wants(self, key: str) -> bool:
        """Whether ``include`` and ``exclude`` let the key in."""
        return rules.wanted(key, self.include, self.exclude)

    def told_by(self, key: str) -> dict[str, str]:
        """What the key says of its recording, by the named groups of ``metadata``."""
        return rules.told(key, self.metadata)

    @property
    def literal_prefix(self) -> str:
        """The part of ``prefix`` that no date changes."""
        return re.split(r"\{[{%#]", self.prefix, maxsplit=1)[0]

    @property
    def hints(self) -> Hints:
        """What every recording of this source is known to be."""
        return Hints(
            raw_format=self.raw_format,
            languages=self.languages,
            speakers=self.speakers,
            party_a_channel=self.party_a_channel,
            vocabulary=self.vocabulary,
        )


class Configuration(BaseModel):
    """The whole file. The comment above each field is its description in the documentation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Where recordings come from.
    sources: tuple[Source, ...]
    # Settings of stages, by stage name and field name.
    stages: dict[str, dict[str, Any]] = {}
    # Settings of triage for all sources.
    triage: dict[str, Any] = {}
    # Models in order of preference; a recording goes to the first that supports its language. Empty: the workers'
    # MEDIAINDEX_RECOGNISERS, and without that the default.
    recognisers: tuple[str, ...] = ()
    # Addresses of SQS queues that announce uploads. Empty: MEDIAINDEX_EVENT_QUEUES.
    event_queues: tuple[Annotated[str, Field(pattern=r"^https?://\S+$")], ...] = ()
    # Prices that forecasts of backfills calculate with.
    prices: Prices | None = None

    @field_validator("sources")
    @classmethod
    def _unique(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.name for source in sources]
        if len(set(names)) != len(names):
            raise ValueError(f"two sources have the same name; names are {', '.join(names)}")
        return sources

    def source(self, name: str) -> Source:
        """The source of that name; ConfigError names those there are."""
        for source in self.sources:
            if source.name == name:
                return source
        raise ConfigError(f"no source is called {name!r}; there are {', '.join(s.name for s in self.sources)}")

    def triage_of(self, source: str) -> dict[str, Any]:
        """The settings of triage for this source."""
        return self.triage | self.source(source).triage

    def source_of(self, bucket: str, key: str) -> Source | None:
        """The source an announced object belongs to; of several the one with the longest prefix, then the first."""
        fitting = [
            one
            for one in self.sources
            if one.bucket == bucket and key.startswith(one.literal_prefix) and one.wants(key)
        ]
        return max(fitting, key=lambda one: len(one.literal_prefix), default=None)

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues of the file, else those of MEDIAINDEX_EVENT_QUEUES (addresses, with spaces between them)."""
        return self.event_queues or tuple(os.environ.get("MEDIAINDEX_EVENT_QUEUES", "").split())


def path_from_environment() -> Path:
    """MEDIAINDEX_CONFIG, by default ``/etc/mediaindex/sources.yaml``."""
    return Path(os.environ.get("MEDIAINDEX_CONFIG") or "/etc/mediaindex/sources.yaml")


@cache
def load(path: Path) -> Configuration:
    """The configuration, checked; ConfigError names the file, the line, the field, and what to write instead."""
    try:
        text = path.read_text("utf-8")
        content = yaml.safe_load(text)
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file; write one, or set MEDIAINDEX_CONFIG to where it is"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this is not YAML: {error}") from error
    if doubled := problems.doubled_keys(text):
        raise ConfigError(f"{path}: {'; '.join(doubled)}")
    try:
        return Configuration.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{path}: {'; '.join(problems.describe(error, text, Configuration))}") from error
