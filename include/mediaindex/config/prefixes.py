"""Prefixes of sources: faults of their templates, and overlaps between sources."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
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


def overlaps(sources: Sequence[Source]) -> Iterator[tuple[int, str]]:
    """Sources that also list objects of another source: the index of each, and a message with the remedy."""
    for pair in combinations(enumerate(sources), 2):
        (index, outer), (_, inner) = sorted(pair, key=lambda numbered: len(numbered[1].literal_prefix))
        below = inner.literal_prefix
        if outer.bucket != inner.bucket or not below.startswith(outer.literal_prefix) or _apart(outer, inner):
            continue
        if rules.wanted(f"{below}x", (), outer.exclude):
            nested = below != outer.literal_prefix
            remedy = f"add {below + '*'!r} to exclude" if nested else "give them other prefixes or patterns"
            yield index, f"{outer.name} also lists objects of {inner.name}, and only one of them claims each; {remedy}"


def _apart(first: Source, second: Source) -> bool:
    """Whether both have patterns, and no common one; then the overlap is assumed to be intended."""
    return bool(first.include and second.include and set(first.include).isdisjoint(second.include))
