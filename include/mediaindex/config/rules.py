"""Rules of a source for its objects: which keys are recordings, metadata in keys, listing, archives.

Parts of a ``Source``; cheap enough to be read while DAG files are parsed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .patterns import key_pattern


class Part(BaseModel):
    """A mapping of the sources file. Unknown fields and infinite numbers are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


KeyPattern = Annotated[str, AfterValidator(key_pattern)]
Glob = Annotated[str, Field(min_length=1)]


class Listing(Part):
    """How the prefix is listed, which determines the cost of discovery. S3 lists by key, 1 000 per request.

    If the prefix has a date (Jinja), each run lists the prefix of its interval, and earlier ones that are due again.
    """

    # `any`: keys do not depend on time, so each listing covers the whole prefix. `keys`: later objects have greater
    # keys (dates, counters), so a listing begins after the last known key.
    order: Literal["any", "keys"] = "any"
    # With `keys`: a listing begins at objects of this age, because uploads may finish in another order.
    overlap_minutes: Annotated[float, Field(ge=0)] = 60.0
    # With `keys`: hours between two listings of the whole prefix, which find objects that came even later.
    full_every_hours: Annotated[float, Field(gt=0)] = 24.0
    # With a date in the prefix: days after its interval in which a folder is listed again, because uploads may come
    # late. The gaps double, and the last listing is at the end. With 0 only days without a run are caught up on.
    late_days: Annotated[float, Field(ge=0, le=366)] = 3.0


class Archive(Part):
    """What happens to objects in an archive storage class. Restoring costs money, so requests are limited."""

    # Whether archived objects are restored. If not, they stay in state `seen`.
    restore: bool = True
    # The retrieval tier of S3: price against time.
    tier: Literal["Bulk", "Standard", "Expedited"] = "Bulk"
    # Days for which the restored copy stays readable.
    days: Annotated[int, Field(ge=1)] = 7
    # Most objects that one run restores.
    requests_a_run: Annotated[int, Field(ge=1)] = 100


def wanted(key: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether the key matches a pattern of ``include``, if there are any, and no pattern of ``exclude``.

    Patterns are case-sensitive globs on the whole key; ``*`` also matches slashes.
    """
    is_included = not include or any(fnmatchcase(key, pattern) for pattern in include)
    return is_included and not any(fnmatchcase(key, pattern) for pattern in exclude)


def facts_in(key: str, pattern: str | None) -> dict[str, str]:
    """The named groups of ``pattern``, searched in the key; empty if it does not match."""
    match = _compiled(pattern).search(key) if pattern else None
    return {name: text for name, text in match.groupdict().items() if text} if match else {}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
