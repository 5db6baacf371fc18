from __future__ import annotations

from pathlib import Path
from typing import Any

from mediaindex.evaluation.manifest import Entry
from mediaindex.evaluation.run import name_of

CORPUS = Path("/data/corpus")


def name(path: str, **times: Any) -> str:
    return name_of(Entry(audio_filepath=Path(path), **times), CORPUS)


def test_recordings_with_equal_names_in_other_folders_have_different_names() -> None:
    assert name("/data/corpus/A/audio/mix.wav") == "A/audio/mix.wav"
    assert name("/data/corpus/B/audio/mix.wav", offset=1, duration=2) == "B/audio/mix.wav@1-3"


def test_other_recordings_keep_their_name_of_older_reports() -> None:
    for path in ("/data/corpus/mix.wav", "/data/corpus/A/../mix.wav"):
        assert name(path) == "corpus/mix.wav"
    for path in ("/else/audio/mix.wav", "/data/corpus/../audio/mix.wav"):
        assert name(path) == "audio/mix.wav"
