"""Regular expressions in the sources file: valid, with named groups, and fast for every key.

Python's engine tries all ways to match. A pattern that can split a text in many ways takes minutes for one key of 1,024
characters that almost matches, and nothing can interrupt it; uploaders choose keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from re import _constants as op  # type: ignore[attr-defined]  # the names of what the parser returns
from re import _parser  # type: ignore[attr-defined]  # the parser of re.compile
from typing import Any

LONGEST = 16  # repetitions that count as bounded
MOST_WILDCARDS = 2  # each more multiplies the time by the length of the key
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT)


def key_pattern(text: str) -> str:
    """``text``, if it is a pattern for keys. Raises ValueError, with what to write, if it is not."""
    try:
        groups = re.compile(text).groupindex
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(
            f"{text!r} is not a regular expression: {error}; close brackets, and escape literal characters"
        ) from error
    if not groups:
        raise ValueError(f"{text!r} has no named group; write it as (?P<show>[^/]+)/(?P<date>[0-9-]+)")
    if problem := next(_ambiguities(_parser.parse(text)), None):
        raise ValueError(f"{text!r} {problem}, which takes minutes for some keys; write it as [^/]+ between slashes")
    return text


def _ambiguities(tokens: Sequence[Any]) -> Iterator[str]:
    """What lets the pattern match a text in many ways."""
    if sum(1 for _ in _wildcards(tokens)) > MOST_WILDCARDS:
        yield f"has more than {MOST_WILDCARDS} of .* or .+"
    if any(name == op.GROUPREF for name, _ in _all(tokens)):
        yield "refers back to a group"
    for name, value in _all(tokens):
        if _is_unbounded(name, value):
            inside = list(_all(value[2]))
            if any(_is_unbounded(*token) for token in inside):
                yield "repeats a repetition"
            if any(token[0] == op.BRANCH for token in inside):
                yield "repeats alternatives"
    flat = list(_flat(tokens))
    if any(_is_unbounded(*one) and _is_unbounded(*other) for one, other in pairwise(flat)):
        yield "has two repetitions in a row"


def _is_unbounded(name: Any, value: Any) -> bool:
    return name in _REPEATS and value[1] > LONGEST


def _parts(name: Any, value: Any) -> Iterable[Sequence[Any]]:
    """The sequences of tokens inside of a token."""
    if name in (*_REPEATS, op.POSSESSIVE_REPEAT):
        return (value[2],)
    if name == op.BRANCH:
        return tuple(value[1])
    if name == op.ATOMIC_GROUP:
        return (value,)
    if name in (op.SUBPATTERN, op.ASSERT, op.ASSERT_NOT):
        return (value[-1],)
    return tuple(part for part in value[1:] if part) if name == op.GROUPREF_EXISTS else ()


def _all(tokens: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    for name, value in tokens:
        yield name, value
        for part in _parts(name, value):
            yield from _all(part)


def _flat(tokens: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """The tokens in order, groups opened."""
    for name, value in tokens:
        if name == op.SUBPATTERN:
            yield from _flat(value[-1])
        else:
            yield name, value


def _wildcards(tokens: Sequence[Any]) -> Iterator[Any]:
    repeated = (value[2] for name, value in _all(tokens) if _is_unbounded(name, value))
    return (body for body in repeated if any(name == op.ANY for name, _ in _all(body)))
