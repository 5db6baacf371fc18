"""The corpus of the tests is what its lists say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tests.builders.corpus import FOLDER

ROWS = [json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
PACKAGES = {line.split()[1] for line in (FOLDER / "packages.sha256").read_text("utf-8").splitlines()}


def test_every_recording_is_listed_with_licence_package_and_hash() -> None:
    assert {row["file"] for row in ROWS} == {path.name for path in FOLDER.glob("*.flac")}
    for row in ROWS:
        assert row["licence"]
        assert row["package"] in PACKAGES
        assert hashlib.sha256((FOLDER / row["file"]).read_bytes()).hexdigest() == row["sha256"]


def test_the_corpus_is_small() -> None:
    whole = sum(path.stat().st_size for path in Path(FOLDER).iterdir() if path.is_file())
    assert whole < 6_000_000
