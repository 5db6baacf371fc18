"""What is wrong with a YAML file, as a person needs it: line, field, what it is and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

Step = str | int


def describe(error: ValidationError, text: str, model: type[BaseModel]) -> list[str]:
    """A sentence for each problem, in the order of the file."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = [_sentence(problem, root, model) for problem in error.errors(include_url=False)]
    return [sentence for _, sentence in sorted(found, key=lambda one: one[0])]


def doubled_keys(text: str) -> list[str]:
    """A sentence for each key that stands twice in one mapping: YAML would silently take the last."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return [
        f"line {key.start_mark.line + 1}: '{key.value}' stands there a second time; keep one"
        for mapping in _mappings(root)
        for index, (key, _) in enumerate(mapping.value)
        if key.value in [earlier.value for earlier, _ in mapping.value[:index]]
    ]


def _sentence(problem: Any, root: yaml.Node | None, model: type[BaseModel]) -> tuple[int, str]:
    place: Sequence[Step] = problem["loc"]
    line = _line(root, place)
    named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".") or "the file"
    return line, f"line {line}: {named}: {_remedy(problem, place, model)}"


def _remedy(problem: Any, place: Sequence[Step], model: type[BaseModel]) -> str:  # noqa: PLR0911 - a table
    given = problem["input"]
    match problem["type"]:
        case "missing":
            return f"is missing; add '{place[-1]}: …'"
        case "extra_forbidden":
            fields = _fields(model, place[:-1])
            close = difflib.get_close_matches(str(place[-1]), fields, n=1)
            return "there is no such field; " + (f"write '{close[0]}'" if close else f"there are {', '.join(fields)}")
        case "model_type" | "model_attributes_type":
            return f"is {_kind(given)}; write fields below it, each on a line like 'name: value'"
        case "tuple_type":
            return f"is {_kind(given)}; write a list, like [en, de]"
        case "string_pattern_mismatch":
            return f"{given!r} has another form; write one that matches {problem['ctx']['pattern']}"
        case "literal_error":
            return f"is {given!r}; write {problem['ctx']['expected']}"
        case "value_error":
            return f"{problem['ctx']['error']}"
        case _:
            return f"is {given!r}; {problem['msg'][:1].lower()}{problem['msg'][1:]}"


def _kind(given: Any) -> str:
    return "empty" if given is None else f"{given!r}"


def _fields(model: type[BaseModel], place: Sequence[Step]) -> list[str]:
    """The fields of the model that stands at ``place``."""
    current: Any = model
    for step in place:
        if isinstance(step, str) and step in current.model_fields:
            current = _model_of(current.model_fields[step].annotation) or current
    return sorted(current.model_fields)


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The first of our models in a type like ``tuple[Source, ...]`` or ``RawFormat | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _model_of(part))), None)


def _line(node: yaml.Node | None, place: Sequence[Step]) -> int:
    """The line, counted from 1, of the innermost part of ``place`` that is in the file."""
    line = node.start_mark.line if node else 0
    for step in place:
        key, node = _child(node, step)
        if key is None:
            break
        line = key.start_mark.line
    return int(line) + 1


def _child(node: yaml.Node | None, step: Step) -> tuple[yaml.Node | None, yaml.Node | None]:
    """Where the step's line is, and what lies there."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), (None, None))
    return None, None


def _mappings(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)
