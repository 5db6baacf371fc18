from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaindex.contract.results import Doubt
from mediaindex.contract.states import DoubtReason
from mediaindex.stages.doubts import Bounds, doubtful_seconds, find_doubts, syllables
from mediaindex.timeline import Span, Word, round_to_ms
from tests.builders import corpus

BOUNDS = Bounds(unwritten=2.0, reach=0.5, min_confidence=0.5)


def said(text: str, start: float = 0.0, each: float = 0.4, confidence: float = 0.9) -> list[Word]:
    return [
        Word(round_to_ms(start + i * each), round_to_ms(start + (i + 0.9) * each), word, confidence)
        for i, word in enumerate(text.split())
    ]


SENTENCE = "the quick brown fox jumps over the lazy dog while nobody looks"  # 12 words, 4.8 s


def reasons(words: list[Word], *speech: tuple[float, float]) -> list[str]:
    return [doubt.reason for doubt in find_doubts(words, [Span(*span) for span in speech], BOUNDS)]


def test_an_ordinary_sentence_is_not_doubted() -> None:
    assert reasons(said(SENTENCE), (0, 4.9)) == []


def test_speech_without_words_is_doubted() -> None:
    words = said(SENTENCE) + said(SENTENCE, start=20.0)
    (doubt,) = find_doubts(words, [Span(0, 12.0), Span(12.5, 25)], BOUNDS)
    assert (doubt.reason, doubt.span.end) == ("no_words", 19.5)
    assert doubt.span.start == pytest.approx(5.26)


def test_a_long_pause_is_not_doubted() -> None:
    assert reasons(said(SENTENCE) + said(SENTENCE, start=20.0), (0, 5.5), (19.8, 25)) == []


def test_a_cough_without_words_is_not_doubted() -> None:
    assert reasons([], (0, 1.5)) == []
    assert reasons([], (0, 3.0)) == ["no_words"]


def test_words_without_speech_are_doubted() -> None:
    words = said(SENTENCE) + said("thank you", start=7.0)
    (doubt,) = find_doubts(words, [Span(0, 5.0), Span(9.0, 10.0)], BOUNDS)
    assert (doubt.reason, doubt.span) == ("nobody_speaks", Span(words[-2].start, words[-1].end))


def test_words_at_an_impossible_rate_are_doubted() -> None:
    assert reasons(said(" ".join([SENTENCE, "and some more of the kind"]), each=0.08), (0, 2)) == ["too_fast"]


def test_too_few_words_for_the_speech_are_doubted() -> None:
    assert reasons(said("a of by it to in", each=1.4), (0, 8.0)) == ["too_slow"]


def test_a_loop_is_doubted() -> None:
    assert reasons(said("I am going home " + "and then we go " * 5), (0, 10)) == ["loop"]


def test_a_few_repetitions_are_not_doubted() -> None:
    assert reasons(said("no no no no I said no no no"), (0, 4)) == []


def test_a_loop_in_a_script_without_spaces_is_doubted() -> None:
    assert reasons([Word(i * 0.2, i * 0.2 + 0.15, "はい"[i % 2], 0.9) for i in range(20)], (0, 4)) == ["loop"]


def test_words_of_low_confidence_are_doubted() -> None:
    assert reasons(said(SENTENCE, confidence=0.3), (0, 4.9)) == ["low_confidence"]


def test_one_bad_word_among_good_ones_is_not_doubted() -> None:
    assert reasons(said("good words all", confidence=0.95) + said("guess", 1.2, confidence=0.1), (0, 1.8)) == []


def test_overlapping_doubts_count_once() -> None:
    doubts = [
        Doubt(Span(1, 4), DoubtReason.LOOP),
        Doubt(Span(2, 6), DoubtReason.TOO_FAST),
        Doubt(Span(8, 9), DoubtReason.LOOP),
    ]
    assert doubtful_seconds(doubts, Span(0, 8.5)) == 5.5


def test_people_read_every_language_at_a_rate_that_is_possible() -> None:
    import soundfile

    rates = {
        language: syllables(recording.text) / soundfile.info(str(recording.path)).duration
        for language, recording in corpus.languages().items()
    }
    assert rates.keys() >= {"es", "fr", "it", "ru"}
    assert all(2.0 < rate < 9.1 for rate in rates.values()), rates


@pytest.mark.parametrize(
    ("text", "about"), [("мама мыла раму", 6), ("سلام عليكم", 5), ("नमस्ते", 4), ("你好吗", 3), ("1984", 4)]
)
def test_syllables_are_estimated_in_every_script(text: str, about: int) -> None:
    assert about / 2 <= syllables(text) <= about * 1.5


word_lists = st.lists(
    st.tuples(st.floats(0, 3), st.floats(0.01, 2), st.sampled_from("ab c"), st.floats(0, 1)), max_size=40
)


@given(word_lists, st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.1, 20)), max_size=8))
def test_doubts_are_in_order(given_words, given_speech) -> None:
    words, at = [], 0.0
    for step, length, text, confidence in given_words:
        start = round_to_ms(at + step)
        at = round_to_ms(start + length)
        words.append(Word(start, at, text.strip() or "x", confidence))
    speech, at = [], 0.0
    for pause, length in given_speech:
        start = round_to_ms(at + pause)
        at = round_to_ms(start + length)
        speech.append(Span(start, at))
    doubts = find_doubts(words, speech, BOUNDS)
    assert [doubt.span.start for doubt in doubts] == sorted(doubt.span.start for doubt in doubts)
    whole = Span(0, 1000)
    assert 0.0 <= doubtful_seconds(doubts, whole) <= sum(doubt.span.duration for doubt in doubts) + 1e-6
