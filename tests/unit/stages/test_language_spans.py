from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.language_spans import LONGEST, SHORTEST, Stretch, by_language, steady, stretches
from mediaindex.timeline import Span, round_to_ms

ENGLISH = {"en": 0.98, "de": 0.001, "cy": 0.001}
GERMAN = {"de": 0.98, "en": 0.001, "cy": 0.001}
NONSENSE = {"cy": 0.9, "en": 0.09, "de": 0.001}


def middle(start: float, end: float) -> float:
    return (start + end) / 2


def heard(*sounds: dict[str, float], each: float = 6.0) -> list[Stretch]:
    return [Stretch(Span(index * 10.0, index * 10.0 + each), sound) for index, sound in enumerate(sounds)]


def test_speakers_who_take_turns_in_two_languages_keep_theirs() -> None:
    turns = [ENGLISH, GERMAN] * 5
    assert steady(heard(*turns)) == ["en", "de"] * 5


def test_one_odd_stretch_among_many_is_not_believed() -> None:
    assert set(steady(heard(*[ENGLISH] * 9, NONSENSE, *[ENGLISH] * 9))) == {"en"}


def test_a_passage_in_another_language_is() -> None:
    way = steady(heard(*[ENGLISH] * 20, *[GERMAN] * 4, *[ENGLISH] * 20))
    assert way == ["en"] * 20 + ["de"] * 4 + ["en"] * 20


def test_a_stretch_that_says_nothing_goes_with_its_neighbours() -> None:
    vague = {"en": 0.3, "de": 0.3, "cy": 0.2}
    assert steady(heard(ENGLISH, ENGLISH, vague, vague, GERMAN, vague, GERMAN))[5] == "de"


def test_a_moment_needs_more_evidence_than_a_sentence() -> None:
    def way(moment: float) -> str:
        sounds = heard(*[ENGLISH] * 3, {"de": 0.9, "en": 0.005, "cy": 0.001}, *[ENGLISH] * 3)
        sounds[3] = Stretch(Span(30.0, 30.0 + moment), sounds[3].probabilities)
        return steady(sounds)[3]

    assert way(0.8) == "en"


def test_short_speech_joins_its_turn_and_not_the_next_one() -> None:
    speech = [Span(0, 4), Span(4.3, 5.5), Span(6.5, 8.0), Span(8.3, 12.0)]
    assert stretches(speech, middle) == [Span(0, 5.5), Span(6.5, 12.0)]


def test_far_apart_nothing_joins() -> None:
    assert stretches([Span(0, 1), Span(10, 11)], middle) == [Span(0, 1), Span(10, 11)]


runs = st.lists(st.tuples(st.floats(0.05, 5), st.floats(0.1, 50)), min_size=1, max_size=15)


@given(runs)
def test_stretches_hold_all_speech_and_none_is_too_long(pairs: list[tuple[float, float]]) -> None:
    speech, at = [], 0.0
    for pause, length in pairs:
        start = round_to_ms(at + pause)
        at = round_to_ms(start + length)
        speech.append(Span(start, at))
    found = stretches(speech, middle)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert all(one.duration <= LONGEST + 0.001 for one in found)
    for span in speech:
        assert sum(span.overlap(one) for one in found) >= span.duration - 0.001
    assert SHORTEST < LONGEST


def test_speech_is_shared_out_where_the_language_changes() -> None:
    languages = [(Span(0, 10), "en"), (Span(12, 20), "de"), (Span(20, 30), "en")]
    speech = [Span(0, 10.5), Span(11.5, 24), Span(25, 30)]
    assert by_language(speech, languages, "en") == [
        ("en", [Span(0, 10.5)]),
        ("de", [Span(11.5, 20)]),
        ("en", [Span(20, 24), Span(25, 30)]),
    ]


def test_without_spans_all_speech_is_in_one_language() -> None:
    assert by_language([Span(1, 2), Span(3, 4)], [], "fr") == [("fr", [Span(1, 2), Span(3, 4)])]
    assert by_language([], [], "fr") == []
