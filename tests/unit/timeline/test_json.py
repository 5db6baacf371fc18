from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mediaindex.timeline import Clock, Span, SpeakerSpan, Transcript, Turn, Word
from tests.unit.timeline.strategies import SPEAKER_SPANS, clocks, transcripts, turn_rows, word_rows


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (tuple[Word, ...], word_rows()),
        (tuple[Turn, ...], turn_rows()),
        (Transcript, transcripts()),
        (Clock, clocks()),
        (SpeakerSpan, SPEAKER_SPANS),
    ],
    ids=["words", "turns", "transcript", "clock", "speaker span"],
)
@given(data=st.data())
def test_json_and_back_changes_nothing(kind: Any, values: st.SearchStrategy[Any], data: st.DataObject) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    value = data.draw(values)
    text = adapter.dump_json(value)
    assert adapter.validate_json(text) == value
    assert adapter.dump_json(adapter.validate_json(text)) == text


@given(st.floats(0, 1e6), st.floats(0.001, 1e5))
def test_any_span_survives_json(start: float, length: float) -> None:
    adapter = TypeAdapter(Span)
    assert adapter.validate_json(adapter.dump_json(Span(start, start + length))) == Span(start, start + length)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Span, b'{"start": 2, "end": 1}'),
        (Word, b'{"start": 0, "end": 1, "text": "a b", "confidence": 0.5}'),
        (Turn, b'{"start": 0, "end": 1, "speaker": "A", "language": "en", "words": []}'),
        (Clock, b'{"anchors": []}'),
    ],
)
def test_invariants_are_checked_on_reading(kind: type, text: bytes) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_json(text)
