"""What a source says of its objects: which keys count, what a key tells, how they are listed, and what waits.

Parts of a ``Source``; pure, and cheap enough to be read while DAG files are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_FIELD = re.compile(r"\d{1,2}|[\d*/,A-Za-z#L?-]+")
_PRESETS = frozenset({"@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly", "@annually", "@midnight"})


def _schedule(text: str) -> str:
    fields = text.split()
    if text not in _PRESETS and not (len(fields) == 5 and all(_FIELD.fullmatch(one) for one in fields)):
        raise ValueError("not a schedule; write five cron fields like '*/10 * * * *', or @hourly, @daily, …")
    return text


def _key_pattern(text: str) -> str:
    try:
        groups = re.compile(text).groupindex
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if not groups:
        raise ValueError("it has no named group; write what a key tells as (?P<show>[^/]+)/(?P<date>[0-9-]+)")
    return text


Schedule = Annotated[str, AfterValidator(_schedule)]
KeyPattern = Annotated[str, AfterValidator(_key_pattern)]
Glob = Annotated[str, Field(min_length=1)]


class Listing(BaseModel):
    """How the prefix is listed, which is what finding new objects costs. S3 lists by key, a thousand a request.

    ``any``: keys say nothing about age, so every look lists the whole prefix; only what is new costs more than its
    line in the listing. ``keys``: later objects have greater keys (dates, counters), so a look begins after the last
    key that is older than ``overlap_minutes`` (uploads that overtake each other); what comes late all the same is found
    by a whole listing every ``full_every_hours``. With a prefix by date (Jinja) each run lists its own interval's only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Literal["any", "keys"] = "any"
    overlap_minutes: Annotated[float, Field(ge=0)] = 60.0
    full_every_hours: Annotated[float, Field(gt=0)] = 24.0


class Archive(BaseModel):
    """What becomes of objects in an archive storage class: asked back for ``days``, a few at a time: it costs money."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    restore: bool = True
    tier: Literal["Bulk", "Standard", "Expedited"] = "Bulk"
    days: Annotated[int, Field(ge=1)] = 7
    requests_a_run: Annotated[int, Field(ge=1)] = 100


def wanted(key: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether the key matches a pattern of ``include`` (or there is none) and none of ``exclude``.

    Globs on the whole key, letters' case counts, ``*`` also crosses slashes.
    """
    return (not include or any(fnmatchcase(key, one) for one in include)) and not any(
        fnmatchcase(key, one) for one in exclude
    )


def told(key: str, pattern: str | None) -> dict[str, str]:
    """What the named groups of ``pattern`` find anywhere in the key; nothing where it does not match."""
    found = _compiled(pattern).search(key) if pattern else None
    return {name: text for name, text in found.groupdict().items() if text} if found else {}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
