"""Packages import only the packages that the architecture allows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "include" / "mediaindex"
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())

# The packages that each package imports: exactly these. All may import ``errors`` and ``settings``.
OURS = {
    "timeline": set(),
    "feeds": set(),
    "contract": {"timeline"},
    "models": {"contract"},
    "stages": {"timeline", "contract"},
    "exports": {"timeline", "contract"},
    "storage": {"contract"},
    "samples": {"models", "contract"},
    "config": {"contract", "models"},
    "engines": {"timeline", "stages", "models"},
    "catalog": {"contract", "storage", "feeds"},
    "search": {"timeline", "catalog"},
    "runner": {"timeline", "contract", "stages", "engines", "models", "storage"},
    "forecast": {"contract", "catalog", "storage", "config"},
    "upkeep": {"contract", "catalog", "search", "storage", "config"},
    "evaluation": {"timeline", "contract", "stages", "engines", "runner", "storage"},
    "orchestration": {
        "contract", "stages", "runner", "storage", "catalog", "search", "config", "feeds", "upkeep",
    },
    "cli": {
        "contract", "stages", "runner", "models", "storage", "search", "catalog", "evaluation", "exports", "samples",
        "config", "upkeep", "forecast", "orchestration",
    },
}  # fmt: skip

GROUND = {"errors", "settings", "printable", "__version__"}  # modules beside the packages

# The packages that may import each library, also inside of functions.
OWNERS = {
    "airflow": {"orchestration"},
    "boto3": {"storage"},
    "botocore": {"storage"},
    "feedparser": {"feeds"},
    "httpcore": {"feeds"},
    "psycopg2": {"catalog"},
    "elasticsearch": {"search"},
    "ffmpeg": {"stages"},
    "torch": {"engines"},
    "nemo": {"engines"},
    "pyannote": {"engines", "evaluation"},  # models there, metrics here
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
    """(file, dotted module) of every absolute import in the package, also inside of functions."""
    return {(file.name, name) for file in (PACKAGE / room).rglob("*.py") for name in imported(file)}


def imported(file: Path) -> set[str]:
    """Dotted names of the modules that the file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module} if node.module != "mediaindex" else {f"mediaindex.{a.name}" for a in node.names}
    return names


def imported_rooms(room: str) -> set[tuple[str, str]]:
    """(file, other package) for every import of another package of mediaindex."""
    ours = {(file, name.split(".")[1]) for file, name in imports(room) if name.startswith("mediaindex.")}
    return {(file, other) for file, other in ours if other not in GROUND | {room}}


def test_every_package_is_listed() -> None:
    assert set(ROOMS) == set(OURS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_package_imports_only_allowed_packages(room: str) -> None:
    wrong = {(file, other) for file, other in imported_rooms(room) if other not in OURS[room]}
    assert not wrong


@pytest.mark.parametrize("room", ROOMS)
def test_every_permission_is_used(room: str) -> None:
    assert OURS[room] == {other for _, other in imported_rooms(room)}


def test_settings_import_errors_only() -> None:
    ours = {name for name in imported(PACKAGE / "settings.py") if name.startswith("mediaindex")}
    assert ours == {"mediaindex.errors"}
    assert not {name for name in imported(PACKAGE / "errors.py") if name.startswith("mediaindex")}
    assert not {name for name in imported(PACKAGE / "printable.py") if name.startswith("mediaindex")}


def test_no_two_packages_import_each_other() -> None:
    pairs = {(room, other) for room in ROOMS for _, other in imported_rooms(room)}
    assert not {pair for pair in pairs if pair[::-1] in pairs}


def test_the_architecture_has_at_most_eight_levels() -> None:
    def level(room: str) -> int:
        return 1 + max((level(other) for other in OURS[room]), default=0)

    assert max(level(room) for room in ROOMS) <= 8


@pytest.mark.parametrize("room", ROOMS)
def test_a_library_is_imported_only_by_its_packages(room: str) -> None:
    used = {(file, name.split(".")[0]) for file, name in imports(room)}
    assert not {(file, library) for file, library in used if room not in OWNERS.get(library, {room})}


def test_one_module_uses_ffmpeg_python_through_its_public_names() -> None:
    used = {(file, name) for room in ROOMS for file, name in imports(room) if name.split(".")[0] == "ffmpeg"}
    assert used == {("commands.py", "ffmpeg")}
