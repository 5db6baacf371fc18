"""Real weights, if this machine has them, and the readers of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mediaindex.errors import MediaindexError
from mediaindex.models import LocatedModel, try_locate
from tests.builders import corpus


@pytest.fixture(scope="session")
def model() -> Callable[[str], LocatedModel]:
    """Locates a model, or skips the test."""

    def find(name: str) -> LocatedModel:
        try:
            located = try_locate(name)
        except MediaindexError as error:
            pytest.skip(error.message)
        if located is None:
            pytest.skip(f"model {name} is not on this machine (`mediaindex models fetch {name}`)")
        return located

    return find


@pytest.fixture(scope="session")
def utterances() -> dict[str, list[Path]]:
    """The files of each reader of the corpus."""
    return {reader: [recording.path for recording in recordings] for reader, recordings in corpus.readers().items()}
