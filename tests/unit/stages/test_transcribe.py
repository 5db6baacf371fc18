from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediaindex.contract.results import Language, Speech
from mediaindex.contract.settings import TranscribeSettings
from mediaindex.errors import ModelMissingError, TerminalError
from mediaindex.stages.audio import Audio
from mediaindex.stages.chunks import quietest
from mediaindex.stages.transcribe import transcribe
from mediaindex.timeline import Anchor, Clock, Span, Word, check_order

ENGLISH = Language("en", 0.9)


@dataclass
class Counting:
    """A recogniser that writes one word per second; fails on chunks of one duration."""

    name: str = "counting"
    languages: frozenset[str] = frozenset({"en"})
    may_loop: bool = True
    identity: str = "counting"
    fails_on: float | None = None
    calls: list[int] = field(default_factory=list)

    def recognise(
        self, chunks: Sequence[np.ndarray], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        self.calls.append(len(chunks))
        if any(len(chunk) / 16_000 == self.fails_on for chunk in chunks):
            raise RuntimeError("shape mismatch")
        return [
            tuple(Word(at, at + 0.5, f"w{at}", 0.9) for at in range(max(1, len(chunk) // 16_000))) for chunk in chunks
        ]


class Missing(Counting):
    def recognise(
        self, chunks: Sequence[np.ndarray], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        raise ModelMissingError(f"model {self.name} is in none of its places.")


@pytest.fixture
def minute(tmp_path: Path) -> Audio:
    """60 s of noise, silent from 24.0 to 24.3."""
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, 60 * 16_000)
    samples[round(24.0 * 16_000) : round(24.3 * 16_000)] = 0
    soundfile.write(tmp_path / "audio.flac", samples, 16_000)
    return Audio(tmp_path / "audio.flac", 60.0, Clock())


def speech(*spans: tuple[float, float]) -> Speech:
    return Speech(tuple(Span(*span) for span in spans), 1.0, 0.5, 0.9, 20.0)


def test_without_speech_no_recogniser_is_used(minute: Audio) -> None:
    recogniser = Counting()
    recognition = transcribe(minute, speech(), Language("und", 0.0), [recogniser], TranscribeSettings())
    assert (recognition.words, recognition.chunks, recogniser.calls) == ((), (), [])


def test_words_are_on_the_sources_clock(minute: Audio) -> None:
    late = Audio(minute.path, 60.0, Clock((Anchor(0.0, 100.0), Anchor(30.0, 200.0))))
    recognition = transcribe(late, speech((110.0, 112.0), (205.0, 207.0)), ENGLISH, [Counting()], TranscribeSettings())
    assert [word.start for word in recognition.words] == [110.0, 111.0, 205.0, 206.0]
    assert recognition.chunks == (Span(110.0, 112.0), Span(205.0, 207.0))


def jumping(minute: Audio, *anchors: tuple[float, float]) -> Audio:
    return Audio(minute.path, 60.0, Clock((Anchor(0.0, 0.0), *(Anchor(*anchor) for anchor in anchors))))


@dataclass
class Saying(Counting):
    """A recogniser that returns the same words for every chunk."""

    words: tuple[Word, ...] = ()

    def recognise(
        self, chunks: Sequence[np.ndarray], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        return [self.words for _ in chunks]


@pytest.mark.parametrize(
    ("heard", "start", "end"),
    [((9.8, 10.1), 9.8, 10.0), ((9.9, 10.2), 3610.0, 3610.2), ((9.8, 10.2), 3610.0, 3610.2), ((9.6, 10.0), 9.6, 10.0)],
)
def test_a_word_across_a_jump_of_the_clock_is_on_the_side_of_its_middle(
    minute: Audio, heard: tuple[float, float], start: float, end: float
) -> None:
    recogniser = Saying(words=(Word(heard[0] - 8.0, heard[1] - 8.0, "now", 0.9),))
    spoken = speech((8.0, 10.0), (3610.0, 3612.0))
    (word,) = transcribe(jumping(minute, (10.0, 3610.0)), spoken, ENGLISH, [recogniser], TranscribeSettings()).words
    assert (word.start, word.end) == (start, end)


def test_no_span_of_the_result_covers_a_gap_of_the_source(minute: Audio) -> None:
    silent = Saying(words=())  # four seconds of speech without a word: doubtful, decoded twice
    spoken = speech((8.0, 10.0), (3610.0, 3612.0))
    result = transcribe(
        jumping(minute, (10.0, 3610.0)), spoken, ENGLISH, [silent, Saying("other")], TranscribeSettings()
    )
    sides = [Span(8.0, 10.0), Span(3610.0, 3612.0)]
    assert list(result.chunks) == list(result.second) == sides
    assert [part.span for part in result.parts] == [doubt.span for doubt in result.doubts] == sides


def test_the_gap_of_a_failed_chunk_is_cut_at_a_jump_of_the_clock(minute: Audio) -> None:
    spoken = speech((8.0, 10.0), (3610.0, 3612.0))
    failed = transcribe(
        jumping(minute, (10.0, 3610.0)), spoken, ENGLISH, [Counting(fails_on=4.0)], TranscribeSettings()
    )
    assert [gap.span for gap in failed.gaps] == [Span(8.0, 10.0), Span(3610.0, 3612.0)]


@st.composite
def jumps(draw: st.DrawFn) -> Clock:
    """Up to five jumps in about the first twenty seconds, some of them inside one word."""
    audio = source = 0
    anchors = [Anchor(0.0, 0.0)]
    for step, gap in draw(st.lists(st.tuples(st.integers(1, 9000), st.integers(1, 4_000_000)), max_size=5)):
        audio, source = audio + step, source + step + gap
        anchors.append(Anchor(audio / 1000, source / 1000))
    return Clock(tuple(anchors))


@st.composite
def words_in_order(draw: st.DrawFn) -> tuple[Word, ...]:
    """Words of up to two seconds, all within the first twenty seconds."""
    words, start, end = [], 0, 0
    for step, length in draw(st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 2000)), min_size=1, max_size=10)):
        start, end = start + step, max(end, start + step + length)
        words.append(Word(start / 1000, end / 1000, "so", 0.9))
    return tuple(words)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(clock=jumps(), heard=words_in_order())
def test_jumps_of_the_clock_do_not_stretch_or_reorder_words(
    minute: Audio, clock: Clock, heard: tuple[Word, ...]
) -> None:
    spoken = Speech(tuple(clock.pieces_to_source(Span(0.0, 20.0))), 20.0, 0.5, 0.9, 20.0)
    audio = Audio(minute.path, 60.0, clock)
    words = transcribe(audio, spoken, ENGLISH, [Saying(words=heard)], TranscribeSettings(second_decoding=False)).words
    assert len(words) == len(heard)
    assert all(word.duration <= before.duration + 0.0011 for word, before in zip(words, heard, strict=True))
    check_order(words)


def test_the_first_recogniser_that_supports_the_language_is_used(minute: Audio) -> None:
    others = Counting("french", frozenset({"fr"})), Counting("many", frozenset({"en", "de"})), Counting("late")
    recognition = transcribe(minute, speech((1, 2)), ENGLISH, others, TranscribeSettings())
    assert (recognition.recogniser, recognition.fallback) == ("many", None)


def test_the_next_recogniser_replaces_a_missing_one_and_is_named_in_the_result(minute: Audio) -> None:
    recognition = transcribe(
        minute, speech((1, 2)), ENGLISH, [Missing("conformer"), Counting("whisper")], TranscribeSettings()
    )
    assert recognition.recogniser == "whisper"
    assert recognition.fallback
    assert "conformer" in recognition.fallback


def test_with_all_models_missing_there_is_an_error(minute: Audio) -> None:
    with pytest.raises(ModelMissingError, match="conformer"):
        transcribe(minute, speech((1, 2)), ENGLISH, [Missing("conformer")], TranscribeSettings())


def test_an_unsupported_language_is_an_error(minute: Audio) -> None:
    with pytest.raises(TerminalError, match="no configured recogniser supports 'eo'"):
        transcribe(minute, speech((1, 2)), Language("eo", 0.9), [Counting()], TranscribeSettings())


def test_a_chunk_that_also_fails_alone_becomes_a_gap(minute: Audio) -> None:
    recogniser = Counting(fails_on=4.0)
    spoken = speech((1.0, 3.0), (10.0, 14.0), (20.0, 22.0))
    recognition = transcribe(minute, spoken, ENGLISH, [recogniser], TranscribeSettings())
    assert [gap.span for gap in recognition.gaps] == [Span(10.0, 14.0)]
    assert "shape mismatch" in recognition.gaps[0].reason
    assert [word.start for word in recognition.words] == [1.0, 2.0, 20.0, 21.0]
    assert recogniser.calls == [3, 1, 1, 1]


def test_speech_without_a_pause_is_cut_at_its_quietest_place(minute: Audio) -> None:
    recognition = transcribe(minute, speech((0.0, 40.0)), ENGLISH, [Counting()], TranscribeSettings())
    first, second = recognition.chunks
    assert 24.0 < first.end < 24.3
    assert second == Span(first.end, 40.0)


def test_the_quietest_place_is_not_biased_towards_the_edges(minute: Audio) -> None:
    assert 20.05 < quietest(minute, 20.0, 23.0) < 22.95


def test_memory_holds_one_group_of_chunks(minute: Audio) -> None:
    recogniser = Counting()
    transcribe(minute, speech((1, 2), (10, 11), (20, 21)), ENGLISH, [recogniser], TranscribeSettings(group=2))
    assert recogniser.calls == [2, 1]
