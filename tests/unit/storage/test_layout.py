from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.errors import TerminalError
from mediaindex.storage import layout


def test_artifacts_have_documented_paths() -> None:
    assert layout.payload_path("ab12", "diarize", "f0") == "ab12/diarize/f0.json.gz"
    assert layout.file_path("ab12", "normalize", "f0", "audio.flac") == "ab12/normalize/f0.audio.flac"
    assert layout.pointer_path("source", "77") == "pointers/source/77.json"


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc", ".hidden", "a\x00", "a\n", "ü", "x" * 300])
def test_a_name_that_leaves_its_folder_is_refused(name: str) -> None:
    with pytest.raises(TerminalError):
        layout.payload_path("ab12", name, "f0")
    with pytest.raises(TerminalError):
        layout.pointer_path("source", name)


@given(st.binary(max_size=5_000))
def test_packing_is_reversible_and_deterministic(payload: bytes) -> None:
    packed = layout.pack(payload)
    assert layout.unpack(packed, "path") == payload
    assert layout.pack(payload) == packed


@pytest.mark.parametrize(
    "damage", [lambda p: p[:-5], lambda p: b"", lambda p: b"no gzip", lambda p: p[:20] + b"\xff" * 20]
)
def test_a_damaged_artifact_is_none(damage: object) -> None:
    packed = damage(layout.pack(bytes(range(256)) * 10))  # type: ignore[operator]
    assert layout.unpack(packed, "path") in (None, b"")
    assert layout.unpack_pointer(packed, "path") is None
