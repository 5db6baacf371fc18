"""Real weights and development data, if this machine has them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import MediaindexError
from mediaindex.models import LocatedModel, try_locate

SHARED = Path(__file__).parents[4] / "shared"


@pytest.fixture(scope="session")
def model() -> Callable[[str], LocatedModel]:
    """Locates a model, also in the shared models beside the checkout, or skips the test."""

    def find(name: str) -> LocatedModel:
        if (SHARED / "models").is_dir():
            os.environ.setdefault("MEDIAINDEX_MODELS", str(SHARED / "models"))
        try:
            located = try_locate(name)
        except MediaindexError as error:
            pytest.skip(error.message)
        if located is None:
            pytest.skip(f"model {name} is not on this machine (`mediaindex models fetch {name}`)")
        return located

    return find


@pytest.fixture(scope="session")
def dataset() -> Callable[[str], list[dict[str, Any]]]:
    """Reads the rows of a JSON Lines file of the development data, with ``path`` added, or skips the test."""

    def read(name: str) -> list[dict[str, Any]]:
        index = SHARED / "data" / name
        if not index.is_file():
            pytest.skip(f"the development data {name} does not lie beside the checkout")
        rows = [json.loads(line) for line in index.read_text("utf-8").splitlines()]
        return [row | {"path": index.parent / row["file"]} for row in rows]

    return read


@pytest.fixture(scope="session")
def utterances(dataset: Callable[[str], list[dict[str, Any]]]) -> dict[str, list[Path]]:
    """The files of each reader of the development data."""
    files: dict[str, list[Path]] = {}
    for row in dataset("wer/refs.jsonl"):
        files.setdefault(row["speaker"], []).append(row["path"])
    return files
