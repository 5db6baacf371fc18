"""Names and key phrases, with the turns they are mentioned in.

English only for now: for any other language the texts are kept as they are and there are no topics.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .results import Mention, Topic, Topics
from .word_places import WordPlaces

if TYPE_CHECKING:
    from mediaindex.timeline import Transcript, Turn

    from .protocols import CaseRestorer, ReadText, TextReader

VERSION = 1

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
class Settings:
    """How much is kept."""

    max_names: int = 100
    max_phrases: int = 30
    # One word alone is a topic only if it comes back; several words are telling at once.
    single_word_mentions: int = 2
    # Fewer letters are initials, noise or a word cut in half.
    shortest: int = 3


@dataclass(frozen=True, slots=True)
class _Found:
    text: str
    label: str | None
    mention: Mention


def find_topics(
    transcript: Transcript, reader: TextReader, restorer: CaseRestorer | None, settings: Settings
) -> Topics:
    """Topics, most mentioned first, and each turn's text with case restored where the recogniser wrote none."""
    turns = transcript.turns
    if transcript.language not in reader.languages:
        return Topics((), tuple(turn.text for turn in turns))
    texts = _readable(turns, restorer)
    read = reader.read(texts)
    names = _group(_names(turns, texts, read), settings)
    phrases = _group(_phrases(turns, texts, read), settings)
    kept_names = _topics("entity", names, settings.max_names)
    kept_phrases = _topics("phrase", _telling(phrases, names.keys(), settings), settings.max_phrases)
    return Topics(tuple(sorted((*kept_names, *kept_phrases), key=_most_mentioned)), tuple(texts))


def _readable(turns: Sequence[Turn], restorer: CaseRestorer | None) -> list[str]:
    texts = [turn.text for turn in turns]
    # A recogniser that writes capitals knows better where they belong.
    if restorer is None or any(text != text.lower() for text in texts):
        return texts
    restored = (restorer.restore(text) for text in texts)
    return [new if len(new) == len(old) else old for new, old in zip(restored, texts, strict=True)]


def _names(turns: Sequence[Turn], texts: Sequence[str], read: Sequence[ReadText]) -> Iterable[_Found]:
    cased = any(text != text.lower() for text in texts)
    for index, (turn, text, found) in enumerate(zip(turns, texts, read, strict=True)):
        places = WordPlaces(turn.words)
        for entity in found.entities:
            name = _tidy(text[entity.start : entity.end])
            # In a text with capitals, a name without one is a rare word that the reader does not know.
            if entity.label in NAMES and not (cased and name.islower()):
                yield _Found(name, entity.label, Mention(index, places.word_at(entity.start).start))


def _phrases(turns: Sequence[Turn], texts: Sequence[str], read: Sequence[ReadText]) -> Iterable[_Found]:
    for index, (turn, text, found) in enumerate(zip(turns, texts, read, strict=True)):
        places = WordPlaces(turn.words)
        for start, end in found.phrases:
            yield _Found(_tidy(text[start:end]), None, Mention(index, places.word_at(start).start))


def _tidy(text: str) -> str:
    tidy = text.strip(PUNCTUATION).removesuffix("'s").removesuffix("\u2019s")
    return tidy[4:] if tidy.lower().startswith("the ") else tidy


def _group(found: Iterable[_Found], settings: Settings) -> dict[str, list[_Found]]:
    """The same words in whatever case are one topic."""
    groups: dict[str, list[_Found]] = defaultdict(list)
    for one in found:
        key = one.text.casefold()
        if len(key) >= settings.shortest and not key.isnumeric() and key not in SPOKEN_ONLY:
            groups[key].append(one)
    return groups


def _telling(groups: dict[str, list[_Found]], names: Iterable[str], settings: Settings) -> dict[str, list[_Found]]:
    """Phrases that are no names, best first: mentions times words, as longer phrases say more exactly what is meant."""
    named = frozenset(names)
    scores = {
        key: len(found) * len(key.split())
        for key, found in groups.items()
        if key not in named and (" " in key or len(found) >= settings.single_word_mentions)
    }
    best = sorted(scores, key=lambda key: (-scores[key], groups[key][0].mention.start, key))
    return {key: groups[key] for key in best[: settings.max_phrases]}


def _topics(kind: str, groups: dict[str, list[_Found]], most: int) -> list[Topic]:
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
