"""The rooms use only the doors that the architecture gives them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "include" / "mediaindex"
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())

# Which of our own rooms each room may import; a room that is not named here may import none.
OURS = {
    "timeline": set(),
    "stages": {"timeline", "errors", "runner"},
    "engines": {"timeline", "errors", "stages", "models"},
    "gates": {"timeline", "errors", "stages"},
    "models": {"timeline", "errors", "config"},
    "exports": {"timeline", "errors", "stages"},
    "feeds": {"errors"},
    "storage": {"errors", "runner", "config"},
    "catalog": {"timeline", "errors", "stages", "runner", "storage", "config", "feeds"},
    "search": {"timeline", "errors", "catalog", "config"},
    "upkeep": {"errors", "catalog", "search", "storage", "config"},
    "config": {"errors", "stages", "gates", "runner"},
    "runner": {"timeline", "errors", "stages", "gates", "engines", "models", "storage", "config"},
    "samples": {"errors", "models"},
    "evaluation": {"errors", "timeline", "stages", "gates", "engines", "runner", "storage"},
    "orchestration": {
        "errors",
        "stages",
        "gates",
        "runner",
        "storage",
        "catalog",
        "search",
        "config",
        "feeds",
        "upkeep",
    },
    "cli": {
        "errors",
        "timeline",
        "stages",
        "runner",
        "models",
        "storage",
        "search",
        "catalog",
        "evaluation",
        "exports",
        "samples",
        "config",
        "upkeep",
    },
}

# Which room alone may import each library, at any depth of the code.
OWNERS = {
    "airflow": {"orchestration"},
    "boto3": {"storage"},
    "botocore": {"storage"},
    "feedparser": {"feeds"},
    "httpcore": {"feeds"},
    "psycopg2": {"catalog"},
    "elasticsearch": {"search"},
    "torch": {"engines"},
    "nemo": {"engines"},
    "pyannote": {"engines"},
    "silero_vad": {"engines"},
    "onnxruntime": {"engines"},
    "onnx_asr": {"engines"},
    "faster_whisper": {"engines"},
    "spacy": {"engines"},
    "text_to_num": {"engines"},
    "rapidfuzz": {"evaluation", "engines"},
    "whisper_normalizer": {"evaluation"},
}


def imports(room: str) -> set[tuple[str, str]]:
    """(file, dotted module) of every absolute import in the room, inside functions too."""
    found = set()
    for file in (PACKAGE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {(file.name, alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names = [node.module] if node.module != "mediaindex" else [f"mediaindex.{a.name}" for a in node.names]
                found |= {(file.name, name) for name in names}
    return found


def test_the_house_has_its_rooms() -> None:
    assert {"timeline", "stages", "engines", "gates", "runner", "storage", "catalog", "search"} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    ours = {(file, name.split(".")[1]) for file, name in imports(room) if name.startswith("mediaindex.")}
    wrong = {(file, other) for file, other in ours if other not in OURS.get(room, set()) | {room, "__version__"}}
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_a_library_is_imported_only_by_the_room_that_owns_it(room: str) -> None:
    used = {(file, name.split(".")[0]) for file, name in imports(room)}
    assert not {(file, library) for file, library in used if room not in OWNERS.get(library, {room})}
