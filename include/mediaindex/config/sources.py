"""Where recordings come from: one YAML file, checked whole before anything runs on it.

Read while DAG files are parsed, so this touches nothing but the file itself.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mediaindex.errors import ConfigError
from mediaindex.runner.job import Hints, RawFormat

LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


class Source(BaseModel):
    """One prefix of one bucket. ``prefix`` may hold Jinja on the data interval, like ``calls/{{ ds }}/``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    bucket: Annotated[str, Field(min_length=3, max_length=63)]
    prefix: str = ""
    schedule: str = "@hourly"
    lane: Literal["fresh", "backfill"] = "fresh"
    languages: tuple[LanguageCode, ...] = ()
    speakers: Annotated[int, Field(ge=1)] | None = None
    raw_format: RawFormat | None = None
    party_a_channel: bool = False
    vocabulary: tuple[Annotated[str, Field(min_length=2, max_length=60)], ...] = ()
    batch_seconds: Annotated[float, Field(gt=0)] = 300.0
    batch_items: Annotated[int, Field(ge=1, le=500)] = 50
    sensor_poke_seconds: Annotated[float, Field(ge=1)] = 60.0
    sensor_timeout_seconds: Annotated[float, Field(ge=1)] = 3000.0

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
    """The whole file. ``stages`` and ``triage`` override fields of those settings, by stage name and field name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: tuple[Source, ...]
    stages: dict[str, dict[str, Any]] = {}
    triage: dict[str, Any] = {}

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


def path_from_environment() -> Path:
    """MEDIAINDEX_CONFIG, by default ``/etc/mediaindex/sources.yaml``."""
    return Path(os.environ.get("MEDIAINDEX_CONFIG") or "/etc/mediaindex/sources.yaml")


@cache
def load(path: Path) -> Configuration:
    """The configuration, checked; ConfigError names the file, the line or field, and what to write instead."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path}: there is no such file; write one, or set MEDIAINDEX_CONFIG to where it is"
        ) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: this is not YAML: {error}") from error
    try:
        return Configuration.model_validate(content)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
        raise ConfigError(f"{path}: {'; '.join(lines)}") from error
