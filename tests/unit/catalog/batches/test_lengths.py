"""The length of a file that nobody has read yet follows from its type and size."""

from __future__ import annotations

import pytest

from mediaindex.catalog.batches.lengths import estimated_seconds


@pytest.mark.parametrize(
    ("types", "bytes_per_second"),
    [
        (".wav .aif .aiff .flac .caf .w64 .raw .pcm .WAV", 64_000),
        (".mp4 .mov .mkv .webm .avi .ts .mpg .flv .MOV", 150_000),
        (".mp3 .ogg .m4a .xyz", 12_000),
    ],
)
def test_a_type_has_its_bytes_per_second(types: str, bytes_per_second: int) -> None:
    estimates = {suffix: estimated_seconds(f"in.mp4/a{suffix}", 60 * bytes_per_second) for suffix in types.split()}
    assert estimates == dict.fromkeys(types.split(), 60.0)


def test_a_key_without_a_type_counts_as_compressed_speech() -> None:
    assert estimated_seconds("in.wav/a", 12_000) == 1.0
