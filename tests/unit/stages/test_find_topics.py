from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from mediaindex.contract.results import Mention, TurnText
from mediaindex.contract.settings import FindTopicsSettings
from mediaindex.stages.find_topics import find_topics
from mediaindex.stages.protocols import Entity, ReadText, SpokenNumber
from mediaindex.timeline import Transcript, Turn, Word


class Patterns:
    """A reader that finds the given names and phrases by regular expression."""

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


class Fives:
    identity = "fives"
    languages = frozenset({"en"})

    def numbers(self, words, language, apart):
        return [SpokenNumber(i, i + 2, "25") for i, word in enumerate(words) if word == "twenty"]


def transcript(*texts: str, language: str = "en") -> Transcript:
    turns = []
    for number, text in enumerate(texts):
        start = number * 100.0
        words = tuple(Word(start + i, start + i + 0.5, word, 0.9) for i, word in enumerate(text.split()))
        turns.append(Turn(start, words[-1].end, "SPEAKER_00", language, words))
    return Transcript(0.0, 1000.0, language, "conformer", tuple(turns))


def topics_of(reader: Patterns, *texts: str, **settings: Any) -> list[tuple[str, str | None, int]]:
    topics = find_topics(transcript(*texts), reader, None, None, FindTopicsSettings(**settings)).topics
    return [(topic.text, topic.label, len(topic.mentions)) for topic in topics]


def test_a_name_is_one_topic_with_the_time_of_each_mention():
    spoken = transcript("we saw New York and", "then New York again New York")
    (topic,) = find_topics(spoken, Patterns({"New York": "GPE"}), None, None, FindTopicsSettings()).topics
    assert (topic.kind, topic.text, topic.label) == ("entity", "New York", "GPE")
    assert topic.mentions == (Mention(0, 2.0), Mention(1, 101.0), Mention(1, 104.0))


def test_spellings_of_a_name_are_one_topic():
    reader = Patterns({"IBM": "ORG", "Ibm": "PERSON", "the IBM's": "ORG"})
    assert topics_of(reader, "IBM and Ibm and the IBM's and IBM") == [("IBM", "ORG", 5)]


def test_topics_are_ordered_by_mentions():
    assert topics_of(Patterns({"Bo+b": "PERSON", "Ann": "PERSON"}), "Ann Boob Boob") == [
        ("Boob", "PERSON", 2),
        ("Ann", "PERSON", 1),
    ]


def test_dates_and_amounts_are_not_topics():
    assert topics_of(Patterns({"Monday": "DATE", "two": "CARDINAL"}), "on Monday two of them") == []


def test_a_lower_case_name_in_a_text_with_capitals_is_not_a_topic():
    assert topics_of(Patterns({"kine": "ORG", "Egypt": "GPE"}), "the kine of Egypt") == [("Egypt", "GPE", 1)]


def test_the_reader_gets_the_readable_text():
    reader = Patterns({"York": "GPE"})
    topics = find_topics(transcript("in york"), reader, Title(), None, FindTopicsSettings())
    assert topics.texts == (TurnText("In York.", (0, 1)),)
    assert reader.texts == ["In York."]
    assert topics.topics[0].mentions == (Mention(0, 1.0),)


def test_a_turn_is_read_sentence_by_sentence():
    reader = Patterns({"York": "GPE"})
    topics = find_topics(transcript("It rained. We saw York, twice. Then"), reader, Title(), None, FindTopicsSettings())
    assert reader.texts == ["It rained.", "We saw York, twice.", "Then"]
    assert topics.topics[0].mentions == (Mention(0, 4.0),)


def test_a_name_after_a_number_in_digits_keeps_its_time():
    reader = Patterns({"York": "GPE"})
    topics = find_topics(transcript("all twenty five from york came"), reader, Title(), Fives(), FindTopicsSettings())
    assert topics.texts == (TurnText("All 25 From York Came.", (0, 1, 3, 4, 5)),)
    assert topics.topics[0].mentions == (Mention(0, 4.0),)


def test_a_phrase_of_one_word_needs_two_mentions():
    reader = Patterns({}, ("lobster soup", "market", "harbour"))
    assert topics_of(reader, "lobster soup from the market in the harbour of the harbour") == [
        ("harbour", None, 2),
        ("lobster soup", None, 1),
    ]


def test_general_words_are_not_topics():
    assert topics_of(Patterns({}, ("thing", "way", "12")), "thing thing way way 12 12 12") == []


def test_a_name_is_not_also_a_phrase():
    reader = Patterns({"Bank of England": "ORG"}, ("Bank of England",))
    assert topics_of(reader, "the Bank of England") == [("Bank of England", "ORG", 1)]


def test_only_the_best_phrases_are_kept():
    reader = Patterns({}, ("big red bus", "green car"))
    assert topics_of(reader, "green car big red bus", max_phrases=1) == [("big red bus", None, 1)]


def test_turns_in_other_languages_have_text_and_no_topics():
    german, english = (
        transcript(text, language=code).turns[0] for text, code in (("in york", "de"), ("in york", "en"))
    )
    later = replace(
        english,
        start=100,
        end=102,
        words=tuple(replace(w, start=w.start + 100, end=w.end + 100) for w in english.words),
    )
    reader = Patterns({"York|york": "GPE"})
    mixed = Transcript(0.0, 1000.0, "de", "conformer", (german, later))
    topics = find_topics(mixed, reader, Title(), None, FindTopicsSettings())
    assert [text.text for text in topics.texts] == ["in york", "In York."]
    assert reader.texts == ["In York."]
    assert topics.topics[0].mentions == (Mention(1, 101.0),)


def test_without_text_in_its_languages_the_reader_is_not_used():
    class Asleep(Patterns):
        def read(self, texts):
            raise AssertionError(texts)

    spoken = transcript("wir waren in york", language="de")
    assert find_topics(spoken, Asleep({}), Title(), None, FindTopicsSettings()).topics == ()
    assert find_topics(Transcript(0, 1, "und", "x", ()), Asleep({}), None, None, FindTopicsSettings()).topics == ()
