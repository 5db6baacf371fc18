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
    """In ``currency``, for an hour of one CPU core at work, and of one GPU.

    Cores that idle are not counted: where a machine is rented for the backfill, give the price of an hour that is used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    cpu_core_hour: Price
    gpu_hour: Price = 0.0

    def cost(self, cpu_s: float, gpu_s: float) -> float:
        """Of so many seconds of a core and of a GPU."""
        return (cpu_s * self.cpu_core_hour + gpu_s * self.gpu_hour) / 3600


LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class Source(PodcastPart):
    """One prefix of one bucket. ``prefix`` may hold Jinja on the data interval, like ``calls/{{ ds }}/``.

    Seconds: ``settle_seconds``, how long an object must stay as it is before it counts as whole. S3 itself shows only
    whole objects; gateways over file systems, and writers that write again, do not keep to that.
    ``events``: uploads are announced on a queue, so that a silence is worth an alarm.
    ``priority``: 1 to 9, whose batches start first within a lane. ``triage``: overrides the file's own for this source.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    prefix: str = ""
    schedule: Schedule = "@hourly"
    lane: Literal["fresh", "backfill"] = "fresh"
    priority: Annotated[int, Field(ge=1, le=9)] = 5
    include: tuple[Glob, ...] = ()
    exclude: tuple[Glob, ...] = ()
    metadata: KeyPattern | None = None
    listing: Listing = Listing()
    archive: Archive = Archive()
    settle_seconds: Annotated[float, Field(ge=0, le=300)] = 5.0
    events: bool = False
    triage: Annotated[dict[str, Any], Field(default_factory=dict)]
    retention: Retention = Retention()
    languages: tuple[LanguageCode, ...] = ()
    speakers: Annotated[int, Field(ge=1)] | None = None
    raw_format: RawFormat | None = None
    party_a_channel: bool = False
    vocabulary: tuple[Annotated[str, Field(min_length=2, max_length=60)], ...] = ()
    batch_seconds: Annotated[float, Field(gt=0)] = 300.0
    batch_items: Annotated[int, Field(ge=1, le=500)] = 50
    sensor_poke_seconds: Annotated[float, Field(ge=1)] = 60.0
    sensor_timeout_seconds: Annotated[float, Field(ge=1)] = 3000.0

    @field_validator("triage")
    @classmethod
    def _known_to_triage(cls, given: dict[str, Any]) -> dict[str, Any]:
        from mediaindex.contract.settings import read_settings
        from mediaindex.stages.triage import Settings

        try:
            read_settings(Settings, given)
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
    """The whole file. ``stages`` and ``triage`` override fields of those settings, by stage name and field name.

    ``recognisers``: models of the registry in order of preference; a recording goes to the first that writes its
    language. Empty leaves it to MEDIAINDEX_RECOGNISERS of the workers, and that to the default.
    ``event_queues``: addresses of SQS queues that announce uploads; empty leaves it to MEDIAINDEX_EVENT_QUEUES.
    ``prices``: what forecasts of backfills reckon with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: tuple[Source, ...]
    stages: dict[str, dict[str, Any]] = {}
    triage: dict[str, Any] = {}
    recognisers: tuple[str, ...] = ()
    event_queues: tuple[Annotated[str, Field(pattern=r"^https?://\S+$")], ...] = ()
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
