"""Checks beyond types and ranges, as parts of one pydantic validation that finds every fault.

A check gets a value as it was written, valid or not, and the fields before it. The table of stages is imported only by
the checks that need it: without it a DAG file is parsed in 20 ms less.
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
    """Validate the value, and report the findings of the checks together with the faults of the validation."""

    def validate(written: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        return with_findings(checks, written, handler, info)

    return WrapValidator(validate)


def with_findings(checks: Iterable[Check], written: Any, handler: Callable[[Any], Any], info: ValidationInfo) -> Any:
    """The validated value. Raises ValidationError with the findings of the checks and the faults of the validation."""
    details = [
        InitErrorDetails(type=error, loc=tuple(place), input=written)
        for check in checks
        for place, error in check(written, info)
    ]
    try:
        value = handler(written)
    except ValidationError as error:
        details += relayed(error)
    if details:
        raise ValidationError.from_exception_data(str(info.field_name), details)
    return value


def relayed(error: ValidationError, below: Place = ()) -> Iterator[InitErrorDetails]:
    """The details of an error, to be part of another error; ``below``: the place of the validated value in it."""
    for part in error.errors(include_url=False):
        kind: Any = part["type"]
        if kind == FAULT:
            kind = fault(part["ctx"]["message"])
        elif kind == UNKNOWN:
            kind = unknown(**part["ctx"])
        yield InitErrorDetails(type=kind, loc=(*below, *part["loc"]), input=part["input"], ctx=part.get("ctx", {}))


FAULT, UNKNOWN = "fault", "unknown_name"


def fault(message: str) -> PydanticCustomError:
    """A fault with this message: what is wrong, and what to write."""
    return PydanticCustomError(FAULT, "{message}", {"message": message})


def unknown(what: str, name: object, names: Iterable[str]) -> PydanticCustomError:
    """The fault of a name that is not one of ``names``."""
    return PydanticCustomError(
        UNKNOWN, "unknown {what} '{name}'", {"what": what, "name": str(name), "names": tuple(names)}
    )


def unique(given: Any, _info: ValidationInfo) -> Iterator[Finding]:
    """Check that no element of a list occurs twice."""
    for index, element in enumerate(given if isinstance(given, list | tuple) else ()):
        if element in given[:index]:
            yield (index,), fault("is listed twice; keep one")


def stage_settings(given: dict[str, Any]) -> dict[str, Any]:
    """Check that keys are names of stages, and that the settings of each stage are valid."""
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
    """Check the settings of triage."""
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
