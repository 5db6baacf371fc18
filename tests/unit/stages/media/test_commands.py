from __future__ import annotations

from mediaindex.stages.media.commands import HARDENING, Output, convert, inspect, pcm_reading

LIMITS = ["-hide_banner", "-max_alloc", "536870912"]
GENERAL = [*LIMITS, "-nostdin", "-nostats", "-v"]


def test_one_stream_goes_to_every_output() -> None:
    outputs = [Output("pipe:1", {"format": "s16le", "ac": 1}), Output("file:/all.pcm", {"fs": 10, "format": "s16le"})]
    assert convert("file:/in.mkv", "2", outputs, reading=HARDENING) == [
        *("ffmpeg", "-max_streams", "64", "-protocol_whitelist", "file,pipe", "-i", "file:/in.mkv"),
        *("-map", "0:2", "-f", "s16le", "-ac", "1", "pipe:1"),
        *("-map", "0:2", "-f", "s16le", "-fs", "10", "file:/all.pcm"),
        *(*GENERAL, "error", "-y"),
    ]


def test_filters_are_chained() -> None:
    chain = [("highpass", 300), ("aformat", "s16", 16_000)]
    command = convert("file:/in.wav", "a:0", [Output("file:/out.wav", {}, chain)], reading={})
    graph = "[0:a:0]highpass=300[s0];[s0]aformat=s16:16000[s1]"
    assert command[3:8] == ["-filter_complex", graph, "-map", "[s1]", "file:/out.wav"]


def test_outputs_share_their_filters() -> None:
    chain = [("highpass", 300)]
    outputs = [Output("file:/a.wav", {}, chain), Output("file:/all.wav", {}), Output("file:/b.wav", {}, chain)]
    command = convert("file:/in.wav", "0", outputs, reading={})
    assert command[3:5] == ["-filter_complex", "[0:0]highpass=300[s0];[s0]asplit=2[s1][s2]"]
    assert command[5:14] == [
        "-map",
        "[s1]",
        "file:/a.wav",
        "-map",
        "0:0",
        "file:/all.wav",
        "-map",
        "[s2]",
        "file:/b.wav",
    ]


def test_overwriting_is_optional() -> None:
    command = convert(
        "file:/in.pcm", "0", [Output("pipe:1", {})], reading=pcm_reading(2), overwrite=False, verbosity="info"
    )
    assert command == [
        *("ffmpeg", "-f", "s16le", "-ac", "2", "-ar", "16000", "-i", "file:/in.pcm", "-map", "0:0", "pipe:1"),
        *(*GENERAL, "info"),
    ]


def test_the_name_of_a_file_stays_one_argument() -> None:
    hostile = "file:/-y ; rm 'a' [0:a]\n%d.wav"
    command = convert(hostile, "0", [Output("pipe:1", {})], reading={})
    assert command[command.index("-i") + 1] == hostile


def test_ffprobe_is_limited_like_ffmpeg() -> None:
    assert inspect("file:/in.wav", {"show_streams": None, "of": "json"}) == [
        *("ffprobe", *LIMITS, "-v", "error", "-max_streams", "64", "-of", "json"),
        *("-protocol_whitelist", "file,pipe", "-show_streams", "file:/in.wav"),
    ]
