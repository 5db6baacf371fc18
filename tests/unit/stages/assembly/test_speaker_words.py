from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.stages.assembly.speaker_words import assign_speakers, smooth_speakers, snap_to_pauses
from mediaindex.timeline import SpeakerSpan, Word, round_to_ms


def word(start: float, end: float, speaker: str | None = None) -> Word:
    return Word(start, end, "w", 0.9, speaker)


def speakers(words: list[Word], spans: list[SpeakerSpan], reach: float = 1.0) -> list[str | None]:
    return [w.speaker for w in assign_speakers(words, spans, reach)]


A, B = SpeakerSpan(0.0, 2.0, "A"), SpeakerSpan(2.0, 4.0, "B")


def test_a_word_belongs_to_the_span_that_covers_most_of_it():
    assert speakers([word(0.5, 1.0), word(1.8, 2.6), word(3.0, 3.4)], [A, B]) == ["A", "B", "B"]


def test_a_word_outside_every_span_belongs_to_the_nearest_within_reach():
    assert speakers([word(4.2, 4.6)], [A, SpeakerSpan(5.0, 6.0, "C"), B]) == ["B"]


def test_a_word_out_of_reach_belongs_to_the_speaker_before_it():
    assert speakers([word(1.0, 1.5), word(8.0, 8.5)], [A, SpeakerSpan(20.0, 21.0, "C")]) == ["A", "A"]


def test_a_word_long_before_the_first_span_belongs_to_its_speaker():
    assert speakers([word(0.0, 0.5)], [SpeakerSpan(9.0, 10.0, "Z")]) == ["Z"]


def test_without_spans_all_words_have_one_speaker():
    assert speakers([word(0.0, 0.5), word(1.0, 1.5)], []) == ["SPEAKER_00", "SPEAKER_00"]


def test_the_order_of_the_spans_does_not_matter():
    words = [word(0.5, 1.0), word(3.0, 3.4)]
    assert speakers(words, [B, A]) == speakers(words, [A, B])


def test_smoothing_assigns_an_island_to_the_speaker_around_it():
    words = [word(0, 1, "A"), word(1, 2, "B"), word(2, 3, "A"), word(3, 4, "B"), word(4, 5, "B")]
    assert [w.speaker for w in smooth_speakers(words, 1)] == ["A", "A", "A", "B", "B"]
    assert smooth_speakers(words, 0) == words


def changed(words: list[Word], reach: float = 0.5, worth: float = 0.5) -> str:
    return "".join(str(w.speaker) for w in snap_to_pauses(words, reach, worth))


def test_a_change_of_speaker_moves_to_the_longest_pause_nearby():
    early = [word(0.0, 0.4, "A"), word(0.5, 0.8, "A"), word(0.85, 1.0, "B"), word(1.5, 1.9, "B"), word(2.0, 2.4, "B")]
    assert changed(early) == "AAABB"
    late = [word(0.0, 0.4, "A"), word(0.5, 0.8, "A"), word(1.3, 1.5, "A"), word(1.6, 1.9, "B"), word(2.0, 2.4, "B")]
    assert changed(late) == "AABBB"


def test_a_distant_or_hardly_longer_pause_is_ignored():
    words = [word(0.0, 0.4, "A"), word(0.6, 0.9, "B"), word(1.0, 1.9, "B"), word(2.9, 3.4, "B")]
    assert changed(words) == "ABBB"
    assert changed([word(0.0, 0.4, "A"), word(0.5, 0.7, "B"), word(0.85, 1.3, "B")]) == "ABB"
    assert changed([word(0.0, 0.4, "A"), word(0.5, 0.7, "B"), word(1.1, 1.3, "B")], reach=0.0) == "ABB"


def test_a_change_does_not_pass_another_one():
    words = [word(0.0, 0.3, "A"), word(0.35, 0.5, "B"), word(0.55, 0.7, "A"), word(1.2, 1.6, "A"), word(1.7, 2, "A")]
    assert changed(words) == "ABBAA"
    assert changed(words, worth=9.0) == "ABAAA"


times = st.floats(0, 100).map(round_to_ms)


@st.composite
def span_lists(draw):
    drawn = draw(st.lists(st.tuples(times, st.floats(0.01, 5), st.sampled_from("ABC")), max_size=12))
    return [SpeakerSpan(start, round_to_ms(start + length), speaker) for start, length, speaker in drawn]


@st.composite
def word_lists(draw):
    starts = sorted(draw(st.lists(times, max_size=20)))
    return [word(start, round_to_ms(start + 0.3)) for start in starts]


@given(word_lists(), span_lists(), st.floats(0, 3))
def test_words_keep_order_time_and_text_and_each_has_a_speaker(words, spans, reach):
    assigned = assign_speakers(words, spans, reach)
    assert [replace(w, speaker=None) for w in assigned] == words
    assert all(w.speaker for w in assigned)


@given(word_lists(), st.lists(st.sampled_from("ABC"), min_size=20, max_size=20), st.floats(0, 2), st.floats(0, 1))
def test_moved_changes_keep_words_and_the_order_of_speakers(words, speakers, reach, worth):
    spoken = [replace(w, speaker=speaker) for w, speaker in zip(words, speakers, strict=False)]
    moved = snap_to_pauses(spoken, reach, worth)
    assert [replace(w, speaker=None) for w in moved] == words
    runs = [[key for key, _ in groupby(w.speaker for w in words)] for words in (spoken, moved)]
    assert runs[0] == runs[1]


@given(word_lists(), span_lists(), st.floats(0.1, 3))
def test_the_sweep_finds_the_same_as_a_search_over_all_spans(words, spans, reach):
    for w in assign_speakers(words, spans, reach):
        cover = max((span.overlap(w) for span in spans), default=0.0)
        if cover > 0:
            assert any(span.overlap(w) == cover and span.speaker == w.speaker for span in spans)


def test_work_is_linear_in_the_words(monkeypatch):
    calls = 0
    overlap = Word.overlap

    def counted(self: Word, other: SpeakerSpan) -> float:
        nonlocal calls
        calls += 1
        return overlap(self, other)

    monkeypatch.setattr(Word, "overlap", counted)
    work = []
    for length in (1_000, 8_000):
        calls = 0
        words = [word(round_to_ms(i * 0.4), round_to_ms(i * 0.4 + 0.3)) for i in range(length)]
        spans = [
            SpeakerSpan(round_to_ms(i * 4.0), round_to_ms(i * 4.0 + 3.9), "AB"[i % 2]) for i in range(length // 10)
        ]
        assign_speakers(words, spans, 1.0)
        work.append(calls)
    assert work[1] < 8.5 * work[0]
