"""The main track of a file, the tracks that belong to it, and what is said about the others."""

from __future__ import annotations

from typing import Any

import pytest

from mediaindex.errors import BadMediaError
from mediaindex.stages.media.probe import AudioStream
from mediaindex.stages.media.tracks import MOST_TRACKS, choose_stream, choose_tracks
from tests.builders.probed import audio_stream, source_file


def chosen(*changes: dict[str, Any]) -> int:
    """The index of the main stream."""
    return choose_stream(source_file(*(audio_stream(index, **more) for index, more in enumerate(changes)))).index


def test_each_rule_decides_only_what_those_before_it_leave_open() -> None:
    assert chosen({}, {}) == 0
    assert chosen({}, {"duration": 9.0}) == 1
    assert chosen({"duration": 9.0}, {"channels": 2}) == 1
    assert chosen({"channels": 2, "duration": 9.0}, {"default": True}) == 1
    assert chosen({"default": True, "channels": 2, "duration": 9.0, "side": True}, {}) == 1
    assert chosen({"codec": "unknown", "default": True}, {"channels": 0}, {}) == 2


@pytest.mark.parametrize(("has_video", "what"), [(True, "has only video"), (False, "has no audio stream")])
def test_a_file_without_a_usable_stream_says_what_it_has(has_video: bool, what: str) -> None:
    for streams in ((), (audio_stream(codec="unknown"),)):
        with pytest.raises(BadMediaError, match=what) as caught:
            choose_stream(source_file(*streams, has_video=has_video))
        assert caught.value.code == "no_audio_stream"


@pytest.mark.parametrize(
    "absurd", [{"sample_rate": 99}, {"sample_rate": 768_001}, {"sample_rate": 0}, {"channels": 65}]
)
def test_an_impossible_format_is_refused_with_its_figures(absurd: dict[str, int]) -> None:
    with pytest.raises(BadMediaError, match=f"{next(iter(absurd.values()))} ") as caught:
        choose_stream(source_file(audio_stream(**absurd)))
    assert caught.value.code == "absurd_parameters"
    for usable in ({"sample_rate": 100}, {"sample_rate": 768_000}, {"channels": 64}):
        assert choose_stream(source_file(audio_stream(**usable)))


def indices(streams: tuple[AudioStream, ...]) -> list[int]:
    return [stream.index for stream in streams]


def test_tracks_of_the_same_language_and_programme_belong_together() -> None:
    source = source_file(
        audio_stream(0, default=True, language="eng", programme=1),
        audio_stream(1, language="eng", programme=1),
        audio_stream(2, language="fra"),
        audio_stream(3, programme=2),
        audio_stream(4),  # says neither
    )
    mixed = choose_tracks(source, "mix")
    assert (mixed.main.index, indices(mixed.others), indices(mixed.alternatives)) == (0, [1, 4], [2, 3])
    each = choose_tracks(source, "each")  # people in a meeting may speak several languages
    assert (indices(each.others), indices(each.alternatives)) == ([1, 2, 4], [3])
    first = choose_tracks(source, "first")
    assert (first.main.index, first.others, first.alternatives, first.warnings) == (0, (), (), ())


def test_what_is_left_out_is_named_with_its_reason_and_counted_from_1() -> None:
    source = source_file(
        audio_stream(0, default=True),
        audio_stream(1, codec="unknown"),
        audio_stream(2, side=True, language="deu"),
        audio_stream(3, sample_rate=10),
        *(audio_stream(index) for index in range(4, 4 + MOST_TRACKS)),
    )
    tracks = choose_tracks(source, "mix")
    assert len(tracks.others) == MOST_TRACKS - 1
    assert tracks.warnings == (
        "tracks left out: 2, 4: their format is unknown",
        "tracks left out: 3 (deu): they are marked as commentary, description or dub",
        f"tracks left out: {4 + MOST_TRACKS}: at most {MOST_TRACKS} are used",
    )


def test_the_only_track_needs_no_choice() -> None:
    tracks = choose_tracks(source_file(audio_stream(3)), "mix")
    assert (tracks.main.index, tracks.others, tracks.warnings) == (3, (), ())
