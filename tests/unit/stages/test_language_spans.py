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


def test_turns_in_two_languages_keep_their_language() -> None:
    turns = [ENGLISH, GERMAN] * 5
    assert steady(heard(*turns)) == ["en", "de"] * 5


def test_a_single_outlier_among_many_stretches_is_ignored() -> None:
    assert set(steady(heard(*[ENGLISH] * 9, NONSENSE, *[ENGLISH] * 9))) == {"en"}


def test_a_passage_in_another_language_is_found() -> None:
    way = steady(heard(*[ENGLISH] * 20, *[GERMAN] * 4, *[ENGLISH] * 20))
    assert way == ["en"] * 20 + ["de"] * 4 + ["en"] * 20


def test_an_uncertain_stretch_gets_the_language_of_its_neighbours() -> None:
    vague = {"en": 0.3, "de": 0.3, "cy": 0.2}
    assert steady(heard(ENGLISH, ENGLISH, vague, vague, GERMAN, vague, GERMAN))[5] == "de"


def test_a_short_stretch_counts_less() -> None:
    def way(moment: float) -> str:
        sounds = heard(*[ENGLISH] * 3, {"de": 0.9, "en": 0.005, "cy": 0.001}, *[ENGLISH] * 3)
        sounds[3] = Stretch(Span(30.0, 30.0 + moment), sounds[3].probabilities)
        return steady(sounds)[3]

    assert way(0.8) == "en"


def test_short_speech_joins_its_own_turn() -> None:
    speech = [Span(0, 4), Span(4.3, 5.5), Span(6.5, 8.0), Span(8.3, 12.0)]
    assert stretches(speech, middle) == [Span(0, 5.5), Span(6.5, 12.0)]


def test_distant_speech_is_not_joined() -> None:
    assert stretches([Span(0, 1), Span(10, 11)], middle) == [Span(0, 1), Span(10, 11)]


runs = st.lists(st.tuples(st.floats(0.05, 5), st.floats(0.1, 50)), min_size=1, max_size=15)


@given(runs)
def test_stretches_hold_all_speech_within_the_longest_duration(pairs: list[tuple[float, float]]) -> None:
    speech, at = [], 0.0
    for pause, length in pairs:
        start = round_to_ms(at + pause)
        at = round_to_ms(start + length)
        speech.append(Span(start, at))
    spans = stretches(speech, middle)
    assert all(before.end <= after.start for before, after in itertools.pairwise(spans))
    assert all(stretch.duration <= LONGEST + 0.001 for stretch in spans)
    for span in speech:
        assert sum(span.overlap(stretch) for stretch in spans) >= span.duration - 0.001
    assert SHORTEST < LONGEST


def test_speech_is_divided_at_changes_of_language() -> None:
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
