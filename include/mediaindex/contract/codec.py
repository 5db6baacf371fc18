"""Artifacts as bytes: JSON of a frozen dataclass, the same bytes for the same value; the store compresses them."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from mediaindex.errors import TerminalError

T = TypeVar("T")


def dump(value: object) -> bytes:
    """JSON. No time stamp goes in: equal values give equal bytes."""
    return TypeAdapter(type(value)).dump_json(value)


def load(kind: type[T], payload: bytes) -> T:
    """The value that ``dump`` was given, its invariants checked again; TerminalError if the payload is not one."""
    try:
        adapter: TypeAdapter[T] = TypeAdapter(kind)
        value = adapter.validate_json(payload)
    except ValidationError as error:
        raise TerminalError(
            f"an artifact does not hold a valid {kind.__name__}: {error}; delete it and run the stage again",
            code="bad_artifact",
        ) from error
    return value
