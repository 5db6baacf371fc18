"""The stage ``find_topics``: the readable text of each turn, and names and key phrases.

Topics are found in English only: turns in other languages have a readable text and no topics.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mediaindex.contract.results import Mention, Topic, Topics
from mediaindex.contract.settings import FindTopicsSettings
from mediaindex.contract.states import TopicKind

from .readable import ReadableRules, readable
from .sentences import sentences
from .tokens import WordPlaces, written

if TYPE_CHECKING:
    from mediaindex.timeline import Transcript, Turn

    from .protocols import CaseRestorer, NumberFinder, ReadText, TextReader
    from .tokens import Token

VERSION = 5

# Labels of names; dates, amounts and ordinals are not topics.
NAMES = frozenset({"PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"})
# Words too general to be a topic.
_SPOKEN = """
    bit case course day fact guy guys kind lot man matter one ones part people place point question reason rest
    side sort stuff thing things time times today tomorrow type way ways word words year years yeah yes um uh okay
"""
SPOKEN_ONLY = frozenset(_SPOKEN.split())
PUNCTUATION = " .,!?;:\"'()[]-\u2013\u2014\u2026\u201c\u201d\u2018\u2019"


@dataclass(frozen=True, slots=True)
class _Occurrence:
    text: str
    label: str | None
    mention: Mention


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a turn. ``text``: the tokens joined by spaces."""

    turn: int
    text: str
    tokens: list[Token]


def find_topics(
    transcript: Transcript,
    reader: TextReader,
    restorer: CaseRestorer | None,
    finder: NumberFinder | None,
    settings: FindTopicsSettings,
) -> Topics:
    """The readable text of each turn, and topics, most mentioned first, of turns in the reader's languages."""
    turns = transcript.turns
    rules = ReadableRules(settings.digits, settings.fillers, settings.sentence_pause)
    texts = readable(turns, restorer, finder, rules)
    readable_turns = [index for index, turn in enumerate(turns) if turn.language in reader.languages]
    read = _read([sentence for index in readable_turns for sentence in _sentences(index, texts[index])], reader)
    names = _group(_names(turns, read), settings)
    phrases = _group(_phrases(turns, read), settings)
    kept_names = _topics(TopicKind.ENTITY, names, settings.max_names)
    kept_phrases = _topics(TopicKind.PHRASE, _most_specific(phrases, names.keys(), settings), settings.max_phrases)
    topics = tuple(sorted((*kept_names, *kept_phrases), key=_most_mentioned))
    return Topics(topics, tuple(written(tokens) for tokens in texts))


def _read(sentences: Sequence[_Sentence], reader: TextReader) -> list[tuple[_Sentence, ReadText]]:
    if not sentences:
        return []  # without loading the model
    return list(zip(sentences, reader.read([sentence.text for sentence in sentences]), strict=True))


def _sentences(turn: int, tokens: list[Token]) -> Iterable[_Sentence]:
    for begin, end in sentences(tokens):
        part = tokens[begin:end]
        yield _Sentence(turn, " ".join(token.text for token in part), part)


def _names(turns: Sequence[Turn], read: Sequence[tuple[_Sentence, ReadText]]) -> Iterable[_Occurrence]:
    cased = any(sentence.text != sentence.text.lower() for sentence, _ in read)
    for sentence, content in read:
        for entity in content.entities:
            name = _tidy(sentence.text[entity.start : entity.end])
            # In a text with capitals, a "name" without one is a rare word that the reader does not know.
            if entity.label in NAMES and not (cased and name.islower()):
                yield _Occurrence(name, entity.label, _mention(turns, sentence, entity.start))


def _phrases(turns: Sequence[Turn], read: Sequence[tuple[_Sentence, ReadText]]) -> Iterable[_Occurrence]:
    for sentence, content in read:
        for start, end in content.phrases:
            yield _Occurrence(_tidy(sentence.text[start:end]), None, _mention(turns, sentence, start))


def _mention(turns: Sequence[Turn], sentence: _Sentence, character: int) -> Mention:
    token = WordPlaces(sentence.tokens).token_at(character)
    return Mention(sentence.turn, turns[sentence.turn].words[token.place].start)


def _tidy(text: str) -> str:
    tidy = text.strip(PUNCTUATION).removesuffix("'s").removesuffix("\u2019s")
    return tidy[4:] if tidy.lower().startswith("the ") else tidy


def _group(occurrences: Iterable[_Occurrence], settings: FindTopicsSettings) -> dict[str, list[_Occurrence]]:
    """Occurrences by their text in lower case: the same words are one topic, whatever their case."""
    groups: dict[str, list[_Occurrence]] = defaultdict(list)
    for occurrence in occurrences:
        key = occurrence.text.casefold()
        if len(key) >= settings.shortest and not key.isnumeric() and key not in SPOKEN_ONLY:
            groups[key].append(occurrence)
    return groups


def _most_specific(
    groups: dict[str, list[_Occurrence]], names: Iterable[str], settings: FindTopicsSettings
) -> dict[str, list[_Occurrence]]:
    """Phrases that are not names, best first by mentions times words, because longer phrases are more specific."""
    named = frozenset(names)
    scores = {
        key: len(occurrences) * len(key.split())
        for key, occurrences in groups.items()
        if key not in named and (" " in key or len(occurrences) >= settings.single_word_mentions)
    }
    best = sorted(scores, key=lambda key: (-scores[key], groups[key][0].mention.start, key))
    return {key: groups[key] for key in best[: settings.max_phrases]}


def _topics(kind: TopicKind, groups: dict[str, list[_Occurrence]], most: int) -> list[Topic]:
    topics = [
        Topic(
            kind,
            Counter(occurrence.text for occurrence in occurrences).most_common(1)[0][0],
            Counter(occurrence.label for occurrence in occurrences).most_common(1)[0][0],
            tuple(sorted((o.mention for o in occurrences), key=lambda mention: (mention.turn, mention.start))),
        )
        for occurrences in groups.values()
    ]
    return sorted(topics, key=_most_mentioned)[:most]


def _most_mentioned(topic: Topic) -> tuple[int, int, float, str]:
    first = topic.mentions[0]
    return -len(topic.mentions), first.turn, first.start, topic.text
