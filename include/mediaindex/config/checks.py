"""Checks beyond types and ranges, such that one pydantic validation finds everything that is wrong.

Each looks at a value as it was written and may look at fields before it, whether or not the value itself is valid.
What the pipeline knows of stages is imported by those only: a DAG file is parsed in 20 ms less without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import InitErrorDetails, PydanticCustomError

from .document import Place

if TYPE_CHECKING:
    from mediaindex.contract.settings import Settings

Finding = tuple[Place, PydanticCustomError]
Check = Callable[[Any, ValidationInfo], Iterable[Finding]]


def also(*checks: Check) -> WrapValidator:
    """Validate the value, and report what the checks find together with what is wrong with it otherwise."""

    def validate(given: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        details = [
            InitErrorDetails(type=error, loc=tuple(place), input=given)
            for check in checks
            for place, error in check(given, info)
        ]
        try:
            value = handler(given)
        except ValidationError as error:
            details += relayed(error)
        if details:
            raise ValidationError.from_exception_data(str(info.field_name), details)
        return value

    return WrapValidator(validate)


def relayed(error: ValidationError, below: Place = ()) -> Iterator[InitErrorDetails]:
    """What the error says, as part of another one."""
    for part in error.errors(include_url=False):
        kind: Any = part["type"]
        if kind == SAID:
            kind = said(part["ctx"]["message"])
        elif kind == UNKNOWN:
            kind = unknown(**part["ctx"])
        yield InitErrorDetails(type=kind, loc=(*below, *part["loc"]), input=part["input"], ctx=part.get("ctx", {}))


SAID, UNKNOWN = "said", "unknown_name"


def said(message: str) -> PydanticCustomError:
    """What is wrong; what to write."""
    return PydanticCustomError(SAID, "{message}", {"message": message})


def unknown(what: str, name: object, names: Iterable[str]) -> PydanticCustomError:
    """A name that is none of ``names``."""
    return PydanticCustomError(
        UNKNOWN, "unknown {what} '{name}'", {"what": what, "name": str(name), "names": tuple(names)}
    )


def unique(given: Any, _info: ValidationInfo) -> Iterator[Finding]:
    """No element of a list occurs twice."""
    for index, one in enumerate(given if isinstance(given, list | tuple) else ()):
        if one in given[:index]:
            yield (index,), said("it is listed twice; keep one")


def stage_settings(given: dict[str, Any]) -> dict[str, Any]:
    """Keys are names of stages, and the settings of each are valid."""
    details = [part for name in given for part in _wrong_stage(name, given[name])]
    if details:
        raise ValidationError.from_exception_data("stages", details)
    return given


def _wrong_stage(name: str, given: object) -> Iterator[InitErrorDetails]:
    from mediaindex.contract.pipeline import STAGES

    if name in STAGES:
        yield from _wrong(STAGES[name].settings, given, (name,))
    else:
        yield InitErrorDetails(type=unknown("stage", name, STAGES), loc=(name,), input=given)


def triage_settings(given: dict[str, Any]) -> dict[str, Any]:
    """The settings of triage are valid."""
    if not given:
        return given
    from mediaindex.contract.settings import TriageSettings

    if details := list(_wrong(TriageSettings, given, ())):
        raise ValidationError.from_exception_data("triage", details)
    return given


def _wrong(kind: type[Settings], given: object, below: Place) -> Iterator[InitErrorDetails]:
    from mediaindex.contract.settings import validated

    try:
        validated(kind, given)
    except ValidationError as error:
        for part in relayed(error, below):
            if part["type"] == "unexpected_keyword_argument":
                part["type"] = unknown("setting", part["loc"][-1], (field.name for field in fields(kind)))
            yield part
