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


class Part(BaseModel):
    """A mapping of the sources file: unknown fields and infinite numbers are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _key_pattern(text: str) -> str:
    try:
        groups = re.compile(text).groupindex
    except re.error as error:
        raise ValueError(
            f"{text!r} is no regular expression: {error}; close brackets and escape what is literal"
        ) from error
    if not groups:
        raise ValueError(f"{text!r} has no named group; write it like (?P<show>[^/]+)/(?P<date>[0-9-]+)")
    return text


KeyPattern = Annotated[str, AfterValidator(_key_pattern)]
Glob = Annotated[str, Field(min_length=1)]


class Listing(Part):
    """How the prefix is listed, which is what finding new objects costs. S3 lists by key, 1 000 per request.

    With a prefix by date (Jinja) each run lists the prefix of its own interval only.
    """

    # `any`: keys do not tell age, so each look lists the whole prefix. `keys`: later objects have greater keys (dates,
    # counters), so a look begins after the last known key.
    order: Literal["any", "keys"] = "any"
    # With `keys`: a look begins at objects this old, because uploads overtake each other.
    overlap_minutes: Annotated[float, Field(ge=0)] = 60.0
    # With `keys`: hours between two listings of the whole prefix, which find what came late nevertheless.
    full_every_hours: Annotated[float, Field(gt=0)] = 24.0


class Archive(Part):
    """What becomes of objects in an archive storage class: requested a few at a time, because that costs money."""

    # Whether archived objects are requested. If not, they stay in state `seen`.
    restore: bool = True
    # The retrieval tier of S3: price against time.
    tier: Literal["Bulk", "Standard", "Expedited"] = "Bulk"
    # Days for which the restored copy stays readable.
    days: Annotated[int, Field(ge=1)] = 7
    # Objects that one run requests at most.
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
