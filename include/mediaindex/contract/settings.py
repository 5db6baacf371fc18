"""A stage's settings dataclass from the fields that somebody overrides."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from mediaindex.errors import ConfigError

T = TypeVar("T")


def read_settings(kind: type[T], overrides: dict[str, Any]) -> T:
    """``kind`` with these fields; ConfigError names a field that is unknown or wrong and lists the known ones."""
    known = getattr(kind, "__dataclass_fields__", {})
    place = kind.__module__.rpartition(".")[2]
    if unknown := sorted(set(overrides) - set(known)):
        raise ConfigError(f"{place}: unknown setting {', '.join(unknown)}; known are {', '.join(known)}")
    try:
        value: T = TypeAdapter(kind).validate_python(overrides)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{place}: setting {field} is {first['input']!r}: {first['msg']}") from error
    return value
