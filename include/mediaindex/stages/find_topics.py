"""What people read of each turn, and the names and key phrases in it.

Topics are English only: turns in other languages have a readable text and no topics.
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

VERSION = 3

# Names; a recording's dates, amounts and ordinals are not what it is about.
NAMES = frozenset({"PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"})
# What everybody says about everything.
_SPOKEN = """
    bit case course day fact guy guys kind lot man matter one ones part people place point question reason rest
    side sort stuff thing things time times today tomorrow type way ways word words year years yeah yes um uh okay
"""
SPOKEN_ONLY = frozenset(_SPOKEN.split())
PUNCTUATION = " .,!?;:\"'()[]-\u2013\u2014\u2026\u201c\u201d\u2018\u2019"


@dataclass(frozen=True, slots=True)
class _Found:
    text: str
    label: str | None
    mention: Mention


@dataclass(frozen=True, slots=True)
class _Sentence:
    """``text``: the tokens joined by spaces."""

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
    """Each turn as people read it, and topics, most mentioned first, of the turns in the reader's languages."""
    turns = transcript.turns
    rules = ReadableRules(settings.digits, settings.fillers, settings.sentence_pause)
    texts = readable(turns, restorer, finder, rules)
    said = [one for i, turn in enumerate(turns) if turn.language in reader.languages for one in _sentences(i, texts[i])]
    # Nothing to read: the model is not loaded.
    found = list(zip(said, reader.read([one.text for one in said]), strict=True)) if said else []
    names = _group(_names(turns, found), settings)
    phrases = _group(_phrases(turns, found), settings)
    kept_names = _topics(TopicKind.ENTITY, names, settings.max_names)
    kept_phrases = _topics(TopicKind.PHRASE, _telling(phrases, names.keys(), settings), settings.max_phrases)
    topics = tuple(sorted((*kept_names, *kept_phrases), key=_most_mentioned))
    return Topics(topics, tuple(written(tokens) for tokens in texts))


def _sentences(turn: int, tokens: list[Token]) -> Iterable[_Sentence]:
    for begin, end in sentences(tokens):
        part = tokens[begin:end]
        yield _Sentence(turn, " ".join(token.text for token in part), part)


def _names(turns: Sequence[Turn], found: Sequence[tuple[_Sentence, ReadText]]) -> Iterable[_Found]:
    cased = any(sentence.text != sentence.text.lower() for sentence, _ in found)
    for sentence, read in found:
        for entity in read.entities:
            name = _tidy(sentence.text[entity.start : entity.end])
            # In a text with capitals, a name without one is a rare word that the reader does not know.
            if entity.label in NAMES and not (cased and name.islower()):
                yield _Found(name, entity.label, _mention(turns, sentence, entity.start))


def _phrases(turns: Sequence[Turn], found: Sequence[tuple[_Sentence, ReadText]]) -> Iterable[_Found]:
    for sentence, read in found:
        for start, end in read.phrases:
            yield _Found(_tidy(sentence.text[start:end]), None, _mention(turns, sentence, start))


def _mention(turns: Sequence[Turn], sentence: _Sentence, character: int) -> Mention:
    token = WordPlaces(sentence.tokens).token_at(character)
    return Mention(sentence.turn, turns[sentence.turn].words[token.place].start)


def _tidy(text: str) -> str:
    tidy = text.strip(PUNCTUATION).removesuffix("'s").removesuffix("\u2019s")
    return tidy[4:] if tidy.lower().startswith("the ") else tidy


def _group(found: Iterable[_Found], settings: FindTopicsSettings) -> dict[str, list[_Found]]:
    """The same words in whatever case are one topic."""
    groups: dict[str, list[_Found]] = defaultdict(list)
    for one in found:
        key = one.text.casefold()
        if len(key) >= settings.shortest and not key.isnumeric() and key not in SPOKEN_ONLY:
            groups[key].append(one)
    return groups


def _telling(
    groups: dict[str, list[_Found]], names: Iterable[str], settings: FindTopicsSettings
) -> dict[str, list[_Found]]:
    """Phrases that are no names, best first: mentions times words, as longer phrases say more exactly what is meant."""
    named = frozenset(names)
    scores = {
        key: len(found) * len(key.split())
        for key, found in groups.items()
        if key not in named and (" " in key or len(found) >= settings.single_word_mentions)
    }
    best = sorted(scores, key=lambda key: (-scores[key], groups[key][0].mention.start, key))
    return {key: groups[key] for key in best[: settings.max_phrases]}


def _topics(kind: TopicKind, groups: dict[str, list[_Found]], most: int) -> list[Topic]:
    topics = [
        Topic(
            kind,
            Counter(one.text for one in found).most_common(1)[0][0],
            Counter(one.label for one in found).most_common(1)[0][0],
            tuple(sorted((one.mention for one in found), key=lambda mention: (mention.turn, mention.start))),
        )
        for found in groups.values()
    ]
    return sorted(topics, key=_most_mentioned)[:most]


def _most_mentioned(topic: Topic) -> tuple[int, int, float, str]:
    first = topic.mentions[0]
    return -len(topic.mentions), first.turn, first.start, topic.text
