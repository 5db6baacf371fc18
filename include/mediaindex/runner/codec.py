"""Artifacts as bytes: gzipped JSON of a frozen dataclass, the same bytes for the same value."""

from __future__ import annotations

import gzip
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from mediaindex.errors import TerminalError

T = TypeVar("T")


def dump(value: object) -> bytes:
    """Gzipped JSON. No time stamp goes in: equal values give equal bytes."""
    return gzip.compress(TypeAdapter(type(value)).dump_json(value), compresslevel=6, mtime=0)


def load(kind: type[T], payload: bytes) -> T:
    """The value that ``dump`` was given, its invariants checked again; TerminalError if the payload is not one."""
    try:
        adapter: TypeAdapter[T] = TypeAdapter(kind)
        value = adapter.validate_json(gzip.decompress(payload))
    except (OSError, EOFError, ValidationError) as error:
        raise TerminalError(
            f"an artifact does not hold a valid {kind.__name__}: {error}; delete it and run the stage again",
            code="bad_artifact",
        ) from error
    return value
