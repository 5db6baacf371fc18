"""Preflight: is every model there, and is it what the registry says? Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaindex.errors import MediaindexError

from .locate import LocatedModel, how_to_get, try_locate
from .registry import ModelEntry, find, load_registry


@dataclass(frozen=True, slots=True)
class Checked:
    """One model: where it is, or why it cannot be used."""

    entry: ModelEntry
    located: LocatedModel | None
    problem: str | None
    damaged: bool = False  # it is there, and is not what the registry names


def check(names: Iterable[str] | None = None) -> list[Checked]:
    """Look at these models, or at all of them; never raises for a model that is missing or damaged."""
    return [_check(find(name)) for name in (load_registry() if names is None else names)]


def _check(entry: ModelEntry) -> Checked:
    try:
        located = try_locate(entry.name)
    except MediaindexError as error:
        return Checked(entry, None, error.message, damaged=True)
    return Checked(entry, located, None if located else how_to_get(entry))
