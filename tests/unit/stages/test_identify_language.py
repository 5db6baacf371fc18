from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.settings import IdentifyLanguageSettings
from mediaindex.stages.audio import Audio
from mediaindex.stages.identify_language import combine, how_many, identify_language, spread
from mediaindex.timeline import Anchor, Clock


class LoudIsSpeech:
    frame_seconds = 0.032
    identity = "loud"

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        filled = np.pad(samples, (0, -len(samples) % 512)).reshape(-1, 512)
        loud: np.ndarray = (np.abs(filled).max(axis=1) > 0.1).astype(np.float32)
        return loud


class Fixed:
    """An identifier that returns the given answers in turn."""

    identity = "fixed"

    def __init__(self, *answers: Mapping[str, float]) -> None:
        self.answers = itertools.cycle(answers)
        self.calls = 0

    def probabilities(self, samples: np.ndarray) -> Mapping[str, float]:
        self.calls += 1
        assert len(samples) <= 30 * 16_000
        return next(self.answers)


def audio(folder: Path, seconds: float, *loud: tuple[float, float], clock: Clock | None = None) -> Audio:
    samples = np.zeros(round(seconds * 16_000))
    for start, end in loud:
        samples[round(start * 16_000) : round(end * 16_000)] = 0.5
    soundfile.write(folder / "audio.flac", samples, 16_000)
    return Audio(folder / "audio.flac", seconds, clock or Clock())


GERMAN = {"de": 0.8, "nl": 0.15, "en": 0.05}


def test_the_result_of_one_window_is_that_of_the_model(tmp_path: Path) -> None:
    language = identify_language(
        audio(tmp_path, 10, (1, 9)), LoudIsSpeech(), Fixed(GERMAN), IdentifyLanguageSettings(), ()
    )
    assert (language.language, language.allowed) == ("de", 1.0)
    assert language.confidence == pytest.approx(0.8, abs=1e-4)


def test_without_speech_the_language_is_undetermined_and_the_model_is_not_used(tmp_path: Path) -> None:
    identifier = Fixed(GERMAN)
    language = identify_language(audio(tmp_path, 100), LoudIsSpeech(), identifier, IdentifyLanguageSettings(), ())
    assert (language.language, language.confidence, identifier.calls) == ("und", 0.0, 0)


def test_rare_speech_between_the_windows_is_found(tmp_path: Path) -> None:
    rare = audio(tmp_path, 600, (100, 105))  # the first eight windows lie elsewhere
    assert identify_language(rare, LoudIsSpeech(), Fixed(GERMAN), IdentifyLanguageSettings(), ()).language == "de"


def test_the_number_of_windows_grows_slowly_and_is_bounded() -> None:
    assert [how_many(hours * 3600, IdentifyLanguageSettings()) for hours in (0.1, 1, 2, 100)] == [8, 20, 28, 32]


def test_a_short_recording_is_examined_as_a_whole(tmp_path: Path) -> None:
    identifier = Fixed({"de": 0.95, "nl": 0.05})
    (window,) = identify_language(
        audio(tmp_path, 30, (0, 30)), LoudIsSpeech(), identifier, IdentifyLanguageSettings(), ()
    ).windows
    assert (identifier.calls, window.span.duration) == (1, 30.0)


def test_if_windows_agree_nothing_else_is_examined(tmp_path: Path) -> None:
    identifier = Fixed({"de": 0.95, "nl": 0.05})
    identify_language(audio(tmp_path, 150, (0, 150)), LoudIsSpeech(), identifier, IdentifyLanguageSettings(), ())
    assert identifier.calls == 8


def test_allowed_languages_share_the_probability_and_the_mass_before_is_kept(tmp_path: Path) -> None:
    spoken = audio(tmp_path, 10, (0, 10))
    language = identify_language(spoken, LoudIsSpeech(), Fixed(GERMAN), IdentifyLanguageSettings(), ("en", "nl"))
    assert (language.language, set(language.probabilities)) == ("nl", {"en", "nl"})
    assert language.confidence == pytest.approx(0.75, abs=1e-3)
    assert language.allowed == pytest.approx(0.2, abs=1e-3)


def test_windows_are_on_the_sources_clock(tmp_path: Path) -> None:
    spoken = audio(tmp_path, 10, (0, 10), clock=Clock((Anchor(0.0, 50.0),)))
    (window,) = identify_language(spoken, LoudIsSpeech(), Fixed(GERMAN), IdentifyLanguageSettings(), ()).windows
    assert (window.span.start, window.language) == (50.0, "de")


def test_a_window_across_a_jump_of_the_clock_is_cut(tmp_path: Path) -> None:
    spoken = audio(tmp_path, 10, (0, 10), clock=Clock((Anchor(0.0, 0.0), Anchor(4.0, 3604.0))))
    windows = identify_language(spoken, LoudIsSpeech(), Fixed(GERMAN), IdentifyLanguageSettings(), ()).windows
    assert [(window.span.start, window.span.end) for window in windows] == [(0.0, 4.0), (3604.0, 3610.0)]


def test_agreeing_windows_keep_confidence_and_disagreeing_ones_lower_it() -> None:
    german, french = {"de": 0.8, "fr": 0.2}, {"de": 0.2, "fr": 0.8}
    assert combine([(10, german), (10, german)])["de"] == pytest.approx(0.8)
    assert combine([(10, german), (10, french)])["de"] == pytest.approx(0.5)


def test_a_window_with_more_speech_weighs_more() -> None:
    german, french = {"de": 0.9, "fr": 0.1}, {"de": 0.1, "fr": 0.9}
    assert combine([(1, german), (9, french)])["fr"] > 0.8


def test_one_window_cannot_rule_a_language_out() -> None:
    sure, never = {"de": 1.0, "fr": 0.0}, {"de": 0.0, "fr": 1.0}
    combined = combine([(30, sure), (30, sure), (30, sure), (1, never)])
    assert combined["de"] > 0.99


@given(st.floats(0.01, 4000), st.floats(1, 30), st.integers(1, 9))
def test_windows_are_inside_the_recording_and_in_order(duration: float, window: float, count: int) -> None:
    spans = spread(duration, window, count)
    assert 1 <= len(spans) <= count
    assert all(span.start >= 0 and span.end <= duration + 0.001 for span in spans)
    assert all(before.start <= after.start for before, after in itertools.pairwise(spans))


class ByLoudness:
    """An identifier: loud speech is German, the rest English, with a probability by their shares."""

    identity = "by loudness"

    def __init__(self) -> None:
        self.calls = 0

    def probabilities(self, samples: np.ndarray) -> Mapping[str, float]:
        self.calls += 1
        spoken = np.abs(samples[np.abs(samples) > 0.1])
        german = float(np.clip((spoken > 0.6).mean(), 0.001, 0.98))
        return {"de": german, "en": 0.99 - german, "nn": 0.01}


def bilingual(folder: Path, *turns: tuple[float, float, float], clock: Clock | None = None) -> Audio:
    """Turns of (start, end, level), with half a second of silence every five seconds."""
    end = max(turn[1] for turn in turns) + 1
    samples = np.zeros(round(end * 16_000))
    for start, stop, level in turns:
        for at in np.arange(start, stop, 5.0):
            samples[round(at * 16_000) : round(min(at + 4.5, stop) * 16_000)] = level
    soundfile.write(folder / "audio.flac", samples, 16_000)
    return Audio(folder / "audio.flac", end, clock or Clock())


def test_several_languages_have_spans_on_the_sources_clock(tmp_path: Path) -> None:
    both = bilingual(tmp_path, (0, 40, 0.5), (40, 70, 0.9), (70, 120, 0.5), clock=Clock((Anchor(0.0, 1000.0),)))
    language = identify_language(both, LoudIsSpeech(), ByLoudness(), IdentifyLanguageSettings(), ())
    assert [(part.language, round(part.span.start - 1000), round(part.span.end - 1000)) for part in language.spans] == [
        ("en", 0, 40),
        ("de", 40, 70),
        ("en", 70, 120),
    ]
    assert language.language == "en"
    assert language.confidence > 0.9
    assert language.probabilities == {"en": pytest.approx(0.75, abs=0.01), "de": pytest.approx(0.25, abs=0.01)}


def test_a_gap_of_the_source_has_no_language_and_no_weight(tmp_path: Path) -> None:
    turns = (0, 40, 0.5), (40, 70, 0.9), (70, 120, 0.5)
    plain = identify_language(bilingual(tmp_path, *turns), LoudIsSpeech(), ByLoudness(), IdentifyLanguageSettings(), ())
    clock = Clock((Anchor(0.0, 0.0), Anchor(52.0, 3652.0)))
    cut = identify_language(
        bilingual(tmp_path, *turns, clock=clock), LoudIsSpeech(), ByLoudness(), IdentifyLanguageSettings(), ()
    )
    assert [(part.language, round(part.span.start), round(part.span.end)) for part in cut.spans] == [
        ("en", 0, 40),
        ("de", 40, 52),
        ("de", 3652, 3670),
        ("en", 3670, 3720),
    ]
    assert cut.confidence == pytest.approx(plain.confidence, abs=1e-4)


def test_spans_are_in_allowed_languages(tmp_path: Path) -> None:
    both = bilingual(tmp_path, (0, 40, 0.5), (40, 80, 0.9))
    language = identify_language(both, LoudIsSpeech(), ByLoudness(), IdentifyLanguageSettings(), ("en", "fr"))
    assert (language.language, language.spans) == ("en", ())


def test_a_single_outlier_does_not_change_the_language(tmp_path: Path) -> None:
    outlier = bilingual(tmp_path, (0, 50, 0.5), (50, 54.5, 0.9), (55, 140, 0.5))
    identifier = ByLoudness()
    language = identify_language(outlier, LoudIsSpeech(), identifier, IdentifyLanguageSettings(), ())
    assert identifier.calls > 5  # it was examined
    assert (language.language, language.spans) == ("en", ())


def test_an_outlier_costs_a_few_stretches_only(tmp_path: Path) -> None:
    class Unsure(ByLoudness):
        def probabilities(self, samples: np.ndarray) -> Mapping[str, float]:
            loud = super().probabilities(samples)["de"] > 0.9
            return {"de": 0.55, "en": 0.3, "nn": 0.15} if loud else {"de": 0.01, "en": 0.98, "nn": 0.01}

    outlier = bilingual(tmp_path, (0, 295, 0.5), (295, 305, 0.9), (305, 600, 0.5))
    identifier = Unsure()
    language = identify_language(outlier, LoudIsSpeech(), identifier, IdentifyLanguageSettings(windows=9), ())
    assert (language.language, language.spans) == ("en", ())
    assert 9 < identifier.calls < 20  # 120 stretches


def test_an_uncertain_window_is_examined_alone(tmp_path: Path) -> None:
    identifier = Fixed({"de": 0.75, "nl": 0.25})
    identify_language(
        bilingual(tmp_path, (0, 600, 0.5)), LoudIsSpeech(), identifier, IdentifyLanguageSettings(windows=2), ()
    )
    assert 2 < identifier.calls < 20  # 120 stretches


def test_stretches_may_be_switched_off(tmp_path: Path) -> None:
    both = bilingual(tmp_path, (0, 40, 0.5), (40, 80, 0.9))
    assert (
        identify_language(both, LoudIsSpeech(), ByLoudness(), IdentifyLanguageSettings(other_language=2.0), ()).spans
        == ()
    )
