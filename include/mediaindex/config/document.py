"""A YAML file as values with their lines, and the faults of the YAML itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    try:  # with libyaml, ten times faster; not every build of PyYAML has it
        from yaml import CSafeLoader as SafeLoader
    except ImportError:
        from yaml import SafeLoader

Place = Sequence[str | int]
_DATE = "tag:yaml.org,2002:timestamp"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """A fault at one place of a file: what is wrong, and what to write. ``line`` and ``column`` start at 1."""

    line: int
    column: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.field}: {self.message}"


@dataclass(frozen=True, slots=True)
class Document:
    """``content``: plain values, None if the YAML cannot be read. ``faults``: faults of the YAML itself."""

    content: Any
    faults: tuple[Fault, ...]
    root: yaml.Node | None = None

    def fault(self, place: Place, message: str) -> Fault:
        """A fault at the innermost part of ``place`` that is in the file."""
        mark = self.root.start_mark if self.root else None
        node = self.root
        for step in place:
            key, node = _child(node, step)
            if key is None:
                break
            mark = key.start_mark
        return _fault(mark, _field(place), message)


def read(data: bytes) -> Document:
    """Parse UTF-8 bytes. Does not raise; errors are faults of the document."""
    try:
        loader = _Loader(data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Document(None, (Fault(line, 1, "the file", "is not UTF-8; save the file as UTF-8"),))
    except yaml.YAMLError as error:
        return _unreadable(error)
    try:
        root = loader.get_single_node()
        # Before the construction, which copies merged keys (`<<`) into their mappings.
        repeated = tuple(_repeated_keys(root, (), set()))
        return Document(loader.construct_document(root) if root else None, repeated, root)
    except (yaml.YAMLError, RecursionError) as error:
        return _unreadable(error)
    finally:
        loader.dispose()


def _unreadable(error: Exception) -> Document:
    mark, problem = None, str(error)
    if isinstance(error, yaml.MarkedYAMLError):
        mark, problem = error.problem_mark, f"{error.context + ', ' if error.context else ''}{error.problem}"
    message = f"is not YAML: {problem}; check indentation, brackets and quotes here and above"
    return Document(None, (_fault(mark, "the file", message),))


class _Loader(SafeLoader):
    """Leaves impossible dates as text, so that the model reports them."""

    def timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Loader.add_constructor(_DATE, _Loader.timestamp)


def _repeated_keys(node: yaml.Node | None, place: tuple[str | int, ...], seen: set[int]) -> Iterator[Fault]:
    """Keys that occur twice in a mapping: YAML would silently use the last."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in known:
                yield _fault(key.start_mark, _field((*place, name)), "occurs twice; keep one")
            known.add(name)
            yield from _repeated_keys(value, (*place, name), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated_keys(value, (*place, index), seen)


def _field(place: Place) -> str:
    """``sources[0].name``"""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".") or "the file"


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """The node that marks the step's line, and the step's value; of equal keys the last, which YAML uses."""
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in reversed(node.value) if key.value == str(step)), (None, None))
    return None, None


def _fault(mark: yaml.Mark | None, field: str, message: str) -> Fault:
    return Fault(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, field, message)
