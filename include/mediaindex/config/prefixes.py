"""Prefixes of sources: faults of their templates, and which of several sources an object belongs to.

An object belongs to the source with the longest prefix that includes it; a template counts as nothing. Listings, events
and forecasts follow this one rule.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

from . import rules

if TYPE_CHECKING:
    from jinja2 import Environment

    from .sources import Source

# Names in the context of a run (airflow.sdk's Context).
DATES = ("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "logical_date", "data_interval_start",
         "data_interval_end")  # fmt: skip
OTHERS = ("dag", "dag_run", "macros", "params", "run_id", "task", "ti", "var")
FILTERS = ("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz")


def literal(prefix: str) -> str:
    """The part of a prefix before its template."""
    return re.split(r"\{[{%#]", prefix, maxsplit=1)[0]


def template_faults(prefix: str) -> Iterator[str]:
    """Faults of a template that Airflow could not render. Nothing is rendered here."""
    if "{" not in prefix:
        return
    from jinja2 import TemplateSyntaxError, nodes  # with Airflow: only if there is a template

    try:
        template = _environment().parse(prefix)
    except TemplateSyntaxError as error:
        yield f"{prefix!r} is not a valid template: {str(error.message).rstrip('.')}; write it as calls/{{{{ ds }}}}/"
        return
    names = list(template.find_all(nodes.Name))
    used = {node.name for node in names if node.ctx == "load"} - {node.name for node in names if node.ctx != "load"}
    filters = {node.name for node in template.find_all(nodes.Filter)}
    known = _environment()
    yield from _unknown("name", used, {*DATES, *OTHERS, *known.globals}, ", ".join(DATES))
    yield from _unknown("filter", filters, {*FILTERS, *known.filters}, ", ".join(FILTERS))


def _unknown(what: str, used: AbstractSet[str], known: Collection[str], usual: str) -> Iterator[str]:
    import difflib

    for name in sorted(used - set(known)):
        close = difflib.get_close_matches(name, known, n=1)
        yield f"unknown {what} {name!r} in the template; write {repr(close[0]) if close else f'one of {usual}'}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment

    return Environment(autoescape=True)  # only parses


@cache
def _pattern(prefix: str) -> tuple[re.Pattern[str], int]:
    """What keys below a prefix look like, whatever its template renders to, and the length of its fixed text.

    A rendered value has as many slashes as the expression, such as ``strftime('%Y/%m')``. After a statement, everything
    may follow.
    """
    fixed = re.split(r"\{[%#]", prefix, maxsplit=1)[0]
    texts = re.split(r"\{\{.*?\}\}", fixed)
    expressions = re.findall(r"\{\{.*?\}\}", fixed)
    parts = [re.escape(texts[0])]
    for expression, text in zip(expressions, texts[1:], strict=True):
        parts += ["/".join(["[^/]+"] * (1 + expression.count("/"))), re.escape(text)]
    return re.compile("".join(parts), re.DOTALL), sum(map(len, texts))


def covers(prefix: str, key: str) -> bool:
    """Whether the key is below the prefix, for some date."""
    return _pattern(prefix)[0].match(key) is not None


@dataclass(frozen=True, slots=True)
class Rival:
    """Another source of the same bucket, or the artifacts: which keys it takes from a source."""

    prefix: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    wins_ties: bool = True
    always: bool = False

    def takes(self, key: str, prefix: str) -> bool:
        """Whether the key belongs to it and not to a source with this prefix: the longer prefix wins."""
        if not (covers(self.prefix, key) and rules.wanted(key, self.include, self.exclude)):
            return False
        if self.always or not covers(prefix, key):
            return True
        mine, other = _pattern(prefix)[1], _pattern(self.prefix)[1]
        return other > mine or (other == mine and self.wins_ties)


def rivals(sources: Sequence[Source], index: int, artifacts: tuple[str, str]) -> tuple[Rival, ...]:
    """The rivals of a source; of equal prefixes the first in the file wins. ``artifacts``: their bucket and prefix."""
    bucket = sources[index].bucket
    others = [
        Rival(other.prefix, other.include, other.exclude, wins_ties=at < index)
        for at, other in enumerate(sources)
        if at != index and other.bucket == bucket
    ]
    return (*others, Rival(f"{artifacts[1]}/", always=True)) if artifacts[0] == bucket else tuple(others)


def overlaps(sources: Sequence[Source]) -> Iterator[tuple[int, str]]:
    """Sources with the same prefix as an earlier one: the index of each, and a message with the remedy."""
    for (_, first), (index, second) in combinations(enumerate(sources), 2):
        same = first.bucket == second.bucket and _pattern(first.prefix)[0] == _pattern(second.prefix)[0]
        if same and not _apart(first, second):
            yield (
                index,
                f"{first.name} has the same prefix: what both include belongs to {first.name}, the first one; "
                "give them other prefixes or patterns",
            )


def artifact_fault(prefix: str, include: Sequence[str], exclude: Sequence[str], artifacts: tuple[str, str]) -> str:
    """Why a source of the artifacts' bucket must not have this prefix; empty if it lists no artifact."""
    bucket, place = artifacts[0], f"{artifacts[1]}/"
    below = literal(prefix)
    if not (place.startswith(below) or below.startswith(place)):
        return ""
    names = ("ab/normalize/cd.audio.flac", "ab/transcribe/cd.json.gz", "pointers/source/ab.json")
    if not any(rules.wanted(f"{place}{name}", include, exclude) for name in names):
        return ""
    remedy = f"or add {place + '*'!r} to exclude" if place.startswith(below) else "or another prefix"
    return (
        f"covers the artifacts (s3://{bucket}/{place}), so that results would be indexed as recordings; "
        f"use another bucket, {remedy}"
    )


def _apart(first: Source, second: Source) -> bool:
    """Whether both have patterns, and no common one; then the overlap is assumed to be intended."""
    return bool(first.include and second.include and set(first.include).isdisjoint(second.include))
