from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mediaindex.contract.results import Language, Part, Recognition, Speech
from mediaindex.contract.settings import TranscribeSettings
from mediaindex.errors import ModelMissingError
from mediaindex.stages.audio import Audio
from mediaindex.stages.transcribe import transcribe
from mediaindex.timeline import Clock, Span, Word, round_to_ms

ENGLISH = Language("en", 0.9)
Write = Callable[[float, float], list[Word]]


@dataclass
class Scribe:
    """A recogniser that returns the words of ``write``; each sample holds its own time."""

    name: str
    write: Write
    languages: frozenset[str] = frozenset({"en"})
    may_loop: bool = True
    identity: str = "scribe"
    spans: list[tuple[float, float]] = field(default_factory=list)

    def recognise(
        self, chunks: Sequence[np.ndarray], language: str, vocabulary: Sequence[str] = ()
    ) -> list[tuple[Word, ...]]:
        decoded = []
        for chunk in chunks:
            start, end = float(chunk[0]) * 1000, float(chunk[-1]) * 1000
            self.spans.append((round(start, 1), round(end, 1)))
            words = [word for word in self.write(start, end) if start - 0.01 <= word.start and word.end <= end + 0.01]
            decoded.append(
                tuple(
                    Word(max(0, round_to_ms(w.start - start)), round_to_ms(w.end - start), w.text, w.confidence)
                    for w in words
                )
            )
        return decoded


def plenty(_start: float, _end: float) -> list[Word]:
    """Two different words per second in the whole recording."""
    return [Word(i / 2, i / 2 + 0.4, f"word{i}", 0.9) for i in range(120)]


def without(low: float, high: float) -> Write:
    return lambda a, b: [word for word in plenty(a, b) if not low <= word.start < high]


def with_(low: float, high: float, texts: Sequence[str], confidence: float = 0.9) -> Write:
    """``plenty``, but for some seconds in which these texts are repeated."""

    def write(a: float, b: float) -> list[Word]:
        return [
            Word(word.start, word.end, texts[i % len(texts)], confidence) if low <= word.start < high else word
            for i, word in enumerate(plenty(a, b))
        ]

    return write


@pytest.fixture
def minute(tmp_path: Path) -> Audio:
    """60 s; each sample is its time in kiloseconds."""
    path = tmp_path / "audio.wav"
    soundfile.write(path, np.arange(60 * 16_000) / 16_000 / 1000, 16_000, subtype="FLOAT")
    return Audio(path, 60.0, Clock())


TALK = tuple(Span(start, start + 4.6) for start in range(0, 60, 5))  # pauses of 0.4 s


def recognise(audio: Audio, *scribes: Scribe, settings: TranscribeSettings | None = None) -> Recognition:
    speech = Speech(TALK, 55.0, 0.9, 0.9, 20.0)
    return transcribe(audio, speech, ENGLISH, scribes, settings or TranscribeSettings())


def texts(recognition: Recognition) -> list[str]:
    return [word.text for word in recognition.words]


ALL = [f"word{i}" for i in range(120)]


def test_without_doubts_there_is_no_second_decoding(minute: Audio) -> None:
    first, second = Scribe("first", plenty), Scribe("second", plenty)
    recognition = recognise(minute, first, second)
    assert second.spans == []
    assert (recognition.second, recognition.doubts) == ((), ())
    assert recognition.parts == (Part(Span(0.0, 59.6), "en", "first"),)


def test_lost_words_are_recovered_and_only_their_part_is_decoded_twice(minute: Audio) -> None:
    second = Scribe("second", plenty)
    recognition = recognise(minute, Scribe("first", without(22, 33)), second)
    assert texts(recognition) == [word for word in ALL if word in set(texts(recognition))]
    assert len(recognition.words) >= 117  # the last word of a piece of speech may cross its end
    assert recognition.doubts == ()
    assert sum(span.duration for span in recognition.second) < 25
    assert [part.recogniser for part in recognition.parts].count("second") >= 1
    assert recognition.recogniser == "first"


def test_words_lost_by_both_remain_doubtful(minute: Audio) -> None:
    recognition = recognise(minute, Scribe("first", without(20, 30)), Scribe("second", without(20, 30)))
    assert {doubt.reason for doubt in recognition.doubts} == {"no_words"}
    assert sum(doubt.span.duration for doubt in recognition.doubts) == pytest.approx(9.0, abs=1.0)
    assert recognition.second


def test_without_a_second_decoding_doubts_are_reported(minute: Audio) -> None:
    second = Scribe("second", plenty)
    off = recognise(
        minute, Scribe("first", without(20, 30)), second, settings=TranscribeSettings(second_decoding=False)
    )
    alone = recognise(minute, Scribe("first", without(20, 30)))
    assert second.spans == []
    assert off.doubts == alone.doubts
    assert {doubt.reason for doubt in alone.doubts} == {"no_words"}


def test_a_loop_is_replaced_completely(minute: Audio) -> None:
    recognition = recognise(minute, Scribe("first", with_(21, 29, ["thank", "you"])), Scribe("second", plenty))
    assert "thank" not in texts(recognition)
    assert len(set(texts(recognition))) == len(recognition.words) >= 117


def test_a_loop_of_the_second_recogniser_is_not_used(minute: Audio) -> None:
    recognition = recognise(minute, Scribe("first", without(20, 30)), Scribe("second", with_(18, 32, ["ha"])))
    assert "ha" not in texts(recognition)
    assert {doubt.reason for doubt in recognition.doubts} == {"no_words"}


def test_repetitions_that_both_write_are_kept(minute: Audio) -> None:
    chant = with_(21, 29, ["row"])
    recognition = recognise(minute, Scribe("first", chant), Scribe("second", chant))
    assert texts(recognition).count("row") == 16
    assert recognition.doubts == ()


def test_a_true_repetition_is_not_replaced_by_invented_words(minute: Audio) -> None:
    said = with_(21, 29, ["no"])
    invented = with_(21, 29, ["no", "no", "don't", "well", "so", "no", "stay", "nor", "not", "know"])
    recognition = recognise(minute, Scribe("first", said, may_loop=False), Scribe("second", invented))
    assert texts(recognition).count("no") == 16
    assert recognition.doubts == ()
    recognition = recognise(minute, Scribe("first", said), Scribe("second", said, may_loop=False))
    assert texts(recognition).count("no") == 16
    assert recognition.doubts == ()


def test_uncertain_words_are_replaced_by_certain_ones_only(minute: Audio) -> None:
    guess = with_(20, 30, [f"guess{i}" for i in range(20)], 0.3)
    sure = recognise(minute, Scribe("first", guess), Scribe("second", plenty))
    assert not any(text.startswith("guess") for text in texts(sure))
    other = with_(20, 30, [f"other{i}" for i in range(20)], 0.4)
    unsure = recognise(minute, Scribe("first", guess), Scribe("second", other))
    assert not any(text.startswith("other") for text in texts(unsure))
    assert {doubt.reason for doubt in unsure.doubts} == {"low_confidence"}


PAUSE = (Span(0, 10), Span(11.9, 20))


def invents(a: float, b: float) -> list[Word]:
    spoken = [word for word in plenty(a, b) if word.end <= 10 or word.start >= 11.9]
    return sorted([*spoken, Word(10.6, 10.9, "subscribe", 0.9)], key=lambda word: word.start)


def honest(a: float, b: float) -> list[Word]:
    return [word for word in invents(a, b) if word.text != "subscribe"]


@pytest.mark.parametrize(("second", "kept"), [(honest, False), (invents, True)])
def test_words_without_speech_need_confirmation(minute: Audio, second: Write, kept: bool) -> None:
    speech = Speech(PAUSE, 18.0, 0.9, 0.9, 20.0)
    recognition = transcribe(
        minute, speech, ENGLISH, [Scribe("first", invents), Scribe("second", second)], TranscribeSettings()
    )
    assert ("subscribe" in texts(recognition)) == kept
    assert recognition.doubts == ()


def test_words_without_speech_remain_doubtful_without_a_second_recogniser(minute: Audio) -> None:
    recognition = transcribe(
        minute, Speech(PAUSE, 18.0, 0.9, 0.9, 20.0), ENGLISH, [Scribe("first", invents)], TranscribeSettings()
    )
    assert "subscribe" in texts(recognition)
    assert [doubt.reason for doubt in recognition.doubts] == ["nobody_speaks"]


def test_a_failed_chunk_is_decoded_by_the_second_recogniser(minute: Audio) -> None:
    def fails(a: float, b: float) -> list[Word]:
        if a > 15:
            raise RuntimeError("shape mismatch")
        return plenty(a, b)

    recognition = recognise(minute, Scribe("first", fails), Scribe("second", plenty))
    assert recognition.gaps == ()
    assert len(recognition.words) >= 115
    assert recognise(minute, Scribe("first", fails)).gaps[0].span.start > 14


def test_a_memory_error_is_raised(minute: Audio) -> None:
    def starves(_a: float, _b: float) -> list[Word]:
        raise MemoryError

    with pytest.raises(MemoryError):
        recognise(minute, Scribe("first", starves), Scribe("second", plenty))
    with pytest.raises(MemoryError):
        recognise(minute, Scribe("first", without(20, 30)), Scribe("second", starves))


def test_a_missing_second_recogniser_changes_nothing(minute: Audio) -> None:
    def missing(_a: float, _b: float) -> list[Word]:
        raise ModelMissingError("model second is in none of its places.")

    recognition = recognise(minute, Scribe("first", without(20, 30)), Scribe("second", missing))
    assert (recognition.second, recognition.fallback) == ((), None)
    assert {doubt.reason for doubt in recognition.doubts} == {"no_words"}
