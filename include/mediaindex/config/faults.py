"""Errors of pydantic as faults of the file: what is wrong, and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from .checks import FAULT, UNKNOWN
from .document import Document, Fault, Place

_LIMITS = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}


def faults_of(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Fault]:
    """One fault per problem, in the order of the file."""
    return sorted(
        document.fault(problem["loc"], _message(problem, model)) for problem in error.errors(include_url=False)
    )


def _message(problem: Any, model: type[BaseModel]) -> str:
    kind, given, context = problem["type"], problem["input"], problem.get("ctx", {})
    by_name = _by_name(kind, problem["loc"], context, model)
    message = by_name or _by_type(kind, given, context) or _by_text(kind, given, context)
    return message or f"{problem['msg'][:1].lower()}{problem['msg'][1:]}, not {given!r}"


def _by_name(kind: str, place: Place, context: Any, model: type[BaseModel]) -> str | None:
    """Missing and unknown names."""
    if kind == "missing":
        return f"is missing; add '{place[-1]}: VALUE'"
    if kind == "extra_forbidden":
        return _unknown("field", str(place[-1]), _fields(model, place[:-1]), _home(model, place))
    if kind == UNKNOWN:
        return _unknown(context["what"], context["name"], context["names"])
    return None


def _by_text(kind: str, given: Any, context: Any) -> str | None:
    """Invalid text."""
    if kind in ("value_error", FAULT):
        return str(context.get("error") or context["message"])
    wanted = context.get("expected") or (context.get("pattern") and f"text that matches {context['pattern']}")
    return f"{given!r} is invalid; write {wanted}" if wanted else None


def _by_type(kind: str, given: Any, context: Any) -> str | None:
    """Values of a wrong type or out of range."""
    is_now = "is empty" if given is None else f"is {given!r}"
    if kind in ("model_type", "model_attributes_type", "dataclass_type", "dict_type"):
        return f"{is_now}; write fields below it, one per line, as 'name: value'"
    if kind in ("tuple_type", "list_type"):
        return f"{is_now}; write a list, such as [a, b]"
    if kind == "string_type":
        quotes = " in quotes" if isinstance(given, bool | int | float) else ""
        why = ": YAML reads no, off, yes and on without quotes as false and true" if isinstance(given, bool) else ""
        return f"{is_now}; write text{quotes}{why}"
    if limits := [f"{word} {_number(context[name])}" for name, word in _LIMITS.items() if name in context]:
        return f"{is_now}; write a number {' and '.join(limits)}"
    simple = {"int": "a whole number", "float": "a number", "bool": "true or false", "finite": "a finite number"}
    wanted = simple.get(kind.partition("_")[0])
    return f"{is_now}; write {wanted}" if wanted else None


def _number(limit: float) -> str:
    return str(int(limit)) if limit == int(limit) else str(limit)


def _unknown(what: str, name: str, names: Iterable[str], home: str = "") -> str:
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1)
    remedy = home or (f"write '{close[0]}'" if close else f"valid {what}s: {', '.join(known)}")
    return f"unknown {what} '{name}'; {remedy}"


def _home(model: type[BaseModel], place: Place) -> str:
    """The remedy for a field that belongs to the top level of the file; empty for others."""
    top = len(place) > 1 and place[-1] in model.model_fields
    return f"move '{place[-1]}' to the top level of the file" if top else ""


def _fields(model: type[BaseModel], place: Place) -> list[str]:
    """The fields of the model at ``place``."""
    current: Any = model
    for step in place:
        if isinstance(step, str) and step in current.model_fields:
            current = _model_of(current.model_fields[step].annotation) or current
    return sorted(current.model_fields)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The first model in a type such as ``tuple[Source, ...]`` or ``RawFormat | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in getattr(annotation, "__args__", ()) if (model := _model_of(part))), None)
