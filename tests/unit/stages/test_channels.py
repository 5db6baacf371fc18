"""One speaker per channel: the channel is the speaker, in spite of cross-talk."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mediaindex.contract.results import Speakers
from mediaindex.contract.settings import DetectSpeechSettings, DiarizeSettings, NormalizeSettings
from mediaindex.models import try_locate
from mediaindex.stages.audio import Audio
from mediaindex.stages.channels import by_channel
from mediaindex.stages.diarize import diarize
from mediaindex.stages.normalize import audio_of, normalize
from mediaindex.timeline import Anchor, Clock, SpeakerSpan
from tests.builders import corpus, dialogues, media
from tests.builders.listeners import LevelIsSpeech, OneVoice

RATE = 16_000


def parties(*spoken: tuple[float, float, float], seconds: float = 20.0) -> np.ndarray:
    """Noise bursts, one per channel: start and end (s) and amplitude."""
    noise = np.random.default_rng(1)
    made = np.zeros((round(seconds * RATE), len(spoken)), np.float32)
    for channel, (start, end, peak) in enumerate(spoken):
        first, last = round(start * RATE), round(end * RATE)
        made[first:last, channel] = noise.uniform(-peak, peak, last - first)
    return made


def leaking(samples: np.ndarray, share: float) -> np.ndarray:
    mixed: np.ndarray = samples + share * (samples.sum(axis=1, keepdims=True) - samples)
    return mixed


def audio_with(folder: Path, channels: np.ndarray, clock: Clock | None = None) -> Audio:
    path = folder / "channels.flac"
    soundfile.write(path, channels, RATE)
    return Audio(folder / "audio.flac", len(channels) / RATE, clock or Clock(), lambda: path)


def diarized(folder: Path, channels: np.ndarray, clock: Clock | None = None) -> Speakers:
    return diarize(audio_with(folder, channels, clock), OneVoice(), DiarizeSettings(), None, LevelIsSpeech())


def rounded(spans: tuple[SpeakerSpan, ...]) -> list[tuple[float, float, str]]:
    return [(round(span.start, 1), round(span.end, 1), span.speaker[-2:]) for span in spans]


def test_cross_talk_is_not_the_speaker_of_the_channel(tmp_path: Path) -> None:
    speakers = diarized(tmp_path, leaking(parties((8, 14, 0.5), (1, 6, 0.5)), 0.05))
    assert rounded(speakers.spans) == [(0.9, 6.1, "00"), (7.9, 14.1, "01")]
    assert speakers.exclusive == speakers.spans
    assert (speakers.count, speakers.warnings) == (2, ())


def test_a_speaker_as_quiet_as_cross_talk_elsewhere_is_found(tmp_path: Path) -> None:
    speakers = diarized(tmp_path, leaking(parties((1, 6, 0.5), (8, 14, 0.04)), 0.02))
    assert rounded(speakers.spans) == [(0.9, 6.1, "00"), (7.9, 14.1, "01")]


def test_overlap_is_kept_and_exclusive_has_the_louder_speaker(tmp_path: Path) -> None:
    speakers = diarized(tmp_path, leaking(parties((1, 10, 0.2), (8, 14, 0.5)), 0.05))
    assert rounded(speakers.spans) == [(0.9, 10.1, "00"), (7.9, 14.1, "01")]
    first, second = speakers.exclusive
    assert first.end == second.start == pytest.approx(8.0, abs=0.3)


def test_each_of_several_channels_is_a_speaker(tmp_path: Path) -> None:
    spoken = [(float(at), at + 2.0, 0.5) for at in range(1, 17, 2)]
    speakers = diarized(tmp_path, leaking(parties(*spoken), 0.05))
    assert speakers.count == 8
    assert [span.speaker for span in speakers.spans] == [f"SPEAKER_{number:02}" for number in range(8)]


def test_a_silent_channel_is_not_a_speaker(tmp_path: Path) -> None:
    assert diarized(tmp_path, leaking(parties((1, 6, 0.5), (0, 0, 0.0)), 0.05)).count == 1
    assert diarized(tmp_path, parties((0, 0, 0.0), (0, 0, 0.0))).count == 0


def test_times_are_on_the_sources_clock(tmp_path: Path) -> None:
    clock = Clock((Anchor(0.0, 100.0), Anchor(7.0, 200.0)))
    speakers = diarized(tmp_path, parties((1, 6, 0.5), (8, 14, 0.5)), clock)
    assert rounded(speakers.spans) == [(100.9, 106.1, "00"), (200.9, 207.1, "01")]


def test_speech_across_blocks_is_one_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channels = leaking(parties((1, 6, 0.5), (8, 14, 0.5)), 0.05)
    whole = diarized(tmp_path, channels)
    monkeypatch.setattr("mediaindex.stages.channels.BLOCK", 0.32 * 4)
    assert diarized(tmp_path, channels) == whole


@pytest.mark.parametrize("channels", ["none", "the same voices"])
def test_without_one_speaker_per_channel_the_diarizer_is_used_with_a_warning(tmp_path: Path, channels: str) -> None:
    both = np.repeat(parties((1, 6, 0.5)), 2, axis=1)
    audio = Audio(tmp_path / "audio.flac", 20.0, Clock()) if channels == "none" else audio_with(tmp_path, both)
    diarizer = OneVoice()
    speakers = diarize(audio, diarizer, DiarizeSettings(), None, LevelIsSpeech())
    assert (diarizer.asked, speakers.count) == (1, 1)
    assert "not one speaker per channel" in speakers.warnings[0]


class Endless:
    """Two speakers in turn for any duration, in blocks."""

    def __init__(self, seconds: float) -> None:
        self.duration = seconds

    def channel_blocks(self, seconds: float) -> Iterator[np.ndarray]:
        once = np.tile(parties((1, 6, 0.5), (8, 14, 0.5)), (round(seconds / 20), 1))
        for _ in range(round(self.duration / seconds)):
            yield once.copy()


def test_memory_does_not_grow_with_length() -> None:
    peaks = []
    for minutes in (10, 120):
        tracemalloc.start()
        by_channel(Endless(minutes * 60), LevelIsSpeech(), 6.0, DetectSpeechSettings())  # type: ignore[arg-type]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 110 * 60 / 0.032 * 24  # 24 bytes per frame, 65 MB per day; samples take 4 kB per frame


@pytest.mark.models
@pytest.mark.parametrize(
    "encoding", [("call.wav",), ("call.mp3", "-b:a", "64k"), ("mulaw.wav", "-ar", "8000", "-c:a", "pcm_mulaw")]
)
def test_two_readers_on_two_channels_with_cross_talk(tmp_path: Path, encoding: tuple[str, ...]) -> None:
    from mediaindex.engines import silero

    located = try_locate("silero-vad")
    if located is None:
        pytest.skip("silero-vad is not on this machine (`mediaindex models fetch silero-vad`)")
    readers = dialogues.utterances(corpus.FOLDER / "readings.jsonl")
    talk = dialogues.dialogue(tmp_path, "talk", [readers["austen"], readers["sonnet"]], 60, seed=4)
    parts = np.stack([part_of(talk, reader) for reader in ("austen", "sonnet")], axis=1)
    soundfile.write(tmp_path / "both.wav", leaking(parts, 0.05), RATE)
    media.ffmpeg("-i", tmp_path / "both.wav", *encoding[1:], tmp_path / encoding[0])
    normalized = normalize(tmp_path / encoding[0], tmp_path / "out", NormalizeSettings(keep_channels=True))
    detector = silero.load(located.path, identity="silero")
    speakers = diarize(audio_of(normalized, tmp_path / "out"), OneVoice(), DiarizeSettings(), None, detector)
    # Measured: 1.0 in all three. An edge of one of the spans that is a frame of 32 ms off costs 0.0005.
    assert share_right(talk, speakers.spans) >= 0.97
    assert share_right(talk, speakers.exclusive) >= 0.97


def part_of(talk: dialogues.Dialogue, reader: str) -> np.ndarray:
    """The conversation as recorded by the microphone of this reader alone."""
    samples, _ = soundfile.read(talk.path, dtype="float32")
    own: np.ndarray = np.zeros_like(samples)
    for utterance in talk.said:
        if utterance.speaker == reader:
            place = slice(round(utterance.start * RATE), round(utterance.end * RATE))
            own[place] = samples[place]
    return own


def share_right(talk: dialogues.Dialogue, spans: tuple[SpeakerSpan, ...]) -> float:
    """The share of 10 ms frames of detected speech with exactly the right speakers."""
    frames = round(100 * talk.seconds) + 100
    truth, heard = np.zeros((2, frames), bool), np.zeros((2, frames), bool)
    order = list(dict.fromkeys(speaker for *_, speaker in talk.speech))
    for start, end, speaker in talk.speech:
        truth[order.index(speaker), round(100 * start) : round(100 * end)] = True
    for span in spans:
        heard[int(span.speaker[-2:]), round(100 * span.start) : round(100 * span.end)] = True
    judged = truth.any(axis=0) & heard.any(axis=0)
    assert judged.sum() > 0.8 * truth.any(axis=0).sum()
    return float((truth == heard).all(axis=0)[judged].mean())
