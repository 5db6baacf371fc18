from __future__ import annotations

import re

from mediaindex.stages.find_topics import Settings, find_topics
from mediaindex.stages.protocols import Entity, ReadText
from mediaindex.stages.results import Mention
from mediaindex.timeline import Transcript, Turn, Word


class Patterns:
    """A reader that finds the names and phrases the test gives, by regular expression."""

    identity = "patterns"
    languages = frozenset({"en"})

    def __init__(self, names: dict[str, str], phrases: tuple[str, ...] = ()) -> None:
        self.names, self.phrases = names, phrases
        self.texts: list[str] = []

    def read(self, texts):
        self.texts = list(texts)
        return [self._read(text) for text in texts]

    def _read(self, text):
        entities = [Entity(m.start(), m.end(), label) for n, label in self.names.items() for m in re.finditer(n, text)]
        phrases = [(m.start(), m.end()) for phrase in self.phrases for m in re.finditer(phrase, text)]
        return ReadText(tuple(entities), tuple(phrases))


class Title:
    identity = "title"

    def restore(self, text):
        return text.title()


def transcript(*texts: str, language: str = "en") -> Transcript:
    turns = []
    for number, text in enumerate(texts):
        start = number * 100.0
        words = tuple(Word(start + i, start + i + 0.5, word, 0.9) for i, word in enumerate(text.split()))
        turns.append(Turn(start, words[-1].end, "SPEAKER_00", language, words))
    return Transcript(0.0, 1000.0, language, "conformer", tuple(turns))


def found(reader: Patterns, *texts: str, **settings: int) -> list[tuple[str, str | None, int]]:
    topics = find_topics(transcript(*texts), reader, None, Settings(**settings)).topics
    return [(topic.text, topic.label, len(topic.mentions)) for topic in topics]


def test_a_name_is_one_topic_with_the_time_of_each_mention():
    spoken = transcript("we saw New York and", "then New York again New York")
    (topic,) = find_topics(spoken, Patterns({"New York": "GPE"}), None, Settings()).topics
    assert (topic.kind, topic.text, topic.label) == ("entity", "New York", "GPE")
    assert topic.mentions == (Mention(0, 2.0), Mention(1, 101.0), Mention(1, 104.0))


def test_spellings_of_a_name_are_one_topic_under_the_most_frequent_of_them():
    reader = Patterns({"IBM": "ORG", "Ibm": "PERSON", "the IBM's": "ORG"})
    assert found(reader, "IBM and Ibm and the IBM's and IBM") == [("IBM", "ORG", 5)]


def test_most_mentioned_comes_first():
    assert found(Patterns({"Bo+b": "PERSON", "Ann": "PERSON"}), "Ann Boob Boob") == [
        ("Boob", "PERSON", 2),
        ("Ann", "PERSON", 1),
    ]


def test_dates_and_amounts_are_no_topics():
    assert found(Patterns({"Monday": "DATE", "two": "CARDINAL"}), "on Monday two of them") == []


def test_a_name_without_a_capital_in_a_text_with_capitals_is_no_name():
    assert found(Patterns({"kine": "ORG", "Egypt": "GPE"}), "the kine of Egypt") == [("Egypt", "GPE", 1)]


def test_case_is_restored_where_the_recogniser_wrote_none():
    reader = Patterns({"York": "GPE"})
    topics = find_topics(transcript("in york"), reader, Title(), Settings())
    assert topics.texts == ("In York",)
    assert reader.texts == ["In York"]
    assert topics.topics[0].mentions == (Mention(0, 1.0),)


def test_case_that_the_recogniser_wrote_is_kept():
    assert find_topics(transcript("in York we met"), Patterns({}), Title(), Settings()).texts == ("in York we met",)


def test_a_phrase_of_one_word_must_come_back_and_a_longer_one_not():
    reader = Patterns({}, ("lobster soup", "market", "harbour"))
    assert found(reader, "lobster soup from the market in the harbour of the harbour") == [
        ("harbour", None, 2),
        ("lobster soup", None, 1),
    ]


def test_what_everybody_says_is_no_phrase():
    assert found(Patterns({}, ("thing", "way", "12")), "thing thing way way 12 12 12") == []


def test_a_name_is_not_a_phrase_too():
    reader = Patterns({"Bank of England": "ORG"}, ("Bank of England",))
    assert found(reader, "the Bank of England") == [("Bank of England", "ORG", 1)]


def test_only_the_best_phrases_are_kept():
    reader = Patterns({}, ("big red bus", "green car"))
    assert found(reader, "green car big red bus", max_phrases=1) == [("big red bus", None, 1)]


def test_a_language_that_the_reader_does_not_know_keeps_its_texts():
    reader = Patterns({"York": "GPE"})
    topics = find_topics(transcript("wir waren in york", language="de"), reader, Title(), Settings())
    assert (topics.topics, topics.texts) == ((), ("wir waren in york",))
    assert reader.texts == []


def test_an_empty_transcript_has_no_topics():
    assert find_topics(Transcript(0, 1, "und", "x", ()), Patterns({}), None, Settings()).topics == ()
