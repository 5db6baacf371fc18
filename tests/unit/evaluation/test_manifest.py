from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mediaindex.errors import ConfigError
from mediaindex.evaluation.manifest import read_manifest


def write(folder: Path, *lines: str) -> Path:
    (folder / "a.wav").touch()
    manifest = folder / "m.jsonl"
    manifest.write_text("\n".join(lines))
    return manifest


def test_fields_of_nemo_are_read(tmp_path: Path) -> None:
    line = {"audio_filepath": "a.wav", "text": "hi", "duration": 2.5, "lang": "en", "offset": 1, "label": "infer"}
    (entry,) = read_manifest(write(tmp_path, json.dumps(line), ""))
    assert entry.audio_filepath == tmp_path / "a.wav"
    assert (entry.text, entry.lang, entry.start, entry.end) == ("hi", "en", 1.0, 3.5)


@pytest.mark.parametrize(
    ("times", "is_part", "end"),
    [
        ({"duration": 2.0}, False, math.inf),
        ({"offset": 0, "duration": None}, False, math.inf),
        ({"offset": 0, "duration": 2.0}, True, 2.0),
        ({"offset": 3.0}, True, math.inf),
    ],
)
def test_an_offset_makes_a_part(tmp_path: Path, times: dict[str, float], is_part: bool, end: float) -> None:
    (entry,) = read_manifest(write(tmp_path, json.dumps({"audio_filepath": "a.wav"} | times)))
    assert (entry.is_part, entry.end) == (is_part, end)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{not json", "line 2"),
        ('{"text": "hi"}', "audio_filepath"),
        ('{"audio_filepath": "b.wav"}', "is not a file"),
        ('{"audio_filepath": "a.wav", "offset": -1}', "offset"),
        ('{"audio_filepath": "a.wav", "rttm_filepath": "no.rttm"}', "rttm_filepath"),
    ],
)
def test_the_message_names_an_invalid_line(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=r"line 2.*") as raised:
        read_manifest(write(tmp_path, '{"audio_filepath": "a.wav"}', line))
    assert expected in raised.value.message


def test_an_empty_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lists no recording"):
        read_manifest(write(tmp_path, ""))


def test_a_byte_order_mark_and_line_separators_in_texts_are_allowed(tmp_path: Path) -> None:
    lines = ['{"audio_filepath": "a.wav", "text": "one\u2028two\u0085three"}', '{"audio_filepath": "a.wav"}']
    manifest = write(tmp_path, "")
    manifest.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert [entry.text for entry in read_manifest(manifest)] == ["one\u2028two\u0085three", None]
