from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from mediaindex.search.documents import at_second, link, recording_document, turn_documents
from mediaindex.search.setup import template

Make = Callable[..., Any]


def test_ids_depend_on_the_audio_and_the_turn_alone(make_transcript: Make) -> None:
    first = [name for name, _ in turn_documents(make_transcript("one", "two", version=1))]
    second = [name for name, _ in turn_documents(make_transcript("eins", "zwei", version=7))]
    assert first == second
    assert len(set(first)) == 2


def test_every_field_has_a_mapping(make_transcript: Make) -> None:
    transcript = make_transcript("1984", entities=("Berlin",), spoken="nineteen eighty four")
    # Only the tombstone of a withdrawn recording has the field "withdrawn".
    assert set(recording_document(transcript)[1]) == set(template("recordings")["properties"]) - {"withdrawn"}
    assert {name for _, turn in turn_documents(transcript) for name in turn} == set(template("turns")["properties"])


def test_spoken_words_are_kept_if_the_text_differs(make_transcript: Make) -> None:
    (_, turn), *_ = turn_documents(make_transcript("in 1984", spoken="in nineteen eighty four"))
    assert (turn["spoken"], turn["spoken_starts"]) == ("in nineteen eighty four", [0.0, 0.5, 1.0, 1.5])
    (_, plain), *_ = turn_documents(make_transcript("in spring"))
    assert not {"spoken", "spoken_starts"} & set(plain)


def test_text_is_stemmed_in_its_language_only(make_transcript: Make) -> None:
    (_, turn), *_ = turn_documents(make_transcript("die Häuser", language="de"))
    assert turn["stemmed"] == {"de": "die Häuser"}


def test_a_language_without_an_analyzer_is_not_stemmed(make_transcript: Make) -> None:
    (_, turn), *_ = turn_documents(make_transcript("nuqneH", language="tlh"))
    assert "stemmed" not in turn
    assert turn["text"] == "nuqneH"


def test_a_recording_summarises_its_turns(make_transcript: Make) -> None:
    _, document = recording_document(make_transcript("one two", "three", entities=("Berlin",)))
    assert (document["turns"], document["words"]) == (2, 3)
    assert document["entities"] == ["Berlin"]
    assert document["speakers"] == ["SPEAKER_00", "SPEAKER_01"]


def test_an_empty_transcript_is_a_recording_without_turns(make_transcript: Make) -> None:
    transcript = make_transcript()
    assert list(turn_documents(transcript)) == []
    assert recording_document(transcript)[1]["turns"] == 0


def test_a_recording_without_a_title_has_its_file_name(make_transcript: Make) -> None:
    assert recording_document(make_transcript("x", key="a/b/talk.mp3", title=None))[1]["title"] == "talk.mp3"


def test_a_key_cannot_forge_the_fragment_of_a_link() -> None:
    url = link("media", "50% #t=9?.mp3", 1.5)
    assert url == "s3://media/50%25%20%23t%3D9%3F.mp3#t=1.5"
    assert unquote(url.removesuffix("#t=1.5")) == "s3://media/50% #t=9?.mp3"


@pytest.mark.parametrize(
    ("start", "fragment"), [(0.0, "#t=0"), (12.3, "#t=12.3"), (100.0, "#t=100"), (0.001, "#t=0.001")]
)
def test_a_link_can_be_moved_to_another_second(start: float, fragment: str) -> None:
    assert at_second("s3://b/k#t=7", start) == f"s3://b/k{fragment}"
