"""Chunks to words, by one recogniser: in groups, and each alone where a group fails."""

from __future__ import annotations

import itertools
import logging
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mediaindex.errors import MediaindexError
from mediaindex.timeline import RESOLUTION, Span, Word, round_to_ms

from .protocols import Recogniser, SampleSource


class PackedWords:
    """Words without speakers, in a seventh of the memory; made again, equal, for whoever iterates."""

    __slots__ = ("_numbers", "_texts")

    def __init__(self, words: Iterable[Word] = ()) -> None:
        self._numbers = array("d")
        texts = []
        for word in words:
            self._numbers.extend((word.start, word.end, word.confidence))
            texts.append(word.text)
        self._texts = " ".join(texts)  # no word has white space

    def __iter__(self) -> Iterator[Word]:
        numbers = iter(self._numbers)
        for text, start, end, confidence in zip(self._texts.split(" "), numbers, numbers, numbers, strict=False):
            yield Word(start, end, text, confidence)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """One chunk (seconds of decoded audio) and the language spoken in it."""

    span: Span
    language: str


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a chunk: words in seconds of decoded audio, or why there are none. They may be made anew by each
    iteration."""

    span: Span
    language: str
    recogniser: str
    words: Iterable[Word]
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """What recognition of one recording needs besides the chunks. ``group``: chunks held in memory together."""

    audio: SampleSource
    group: int
    vocabulary: Sequence[str] = ()

    def write(self, tasks: Sequence[Task], recogniser: Recogniser) -> Iterator[Written]:
        """What became of each task, in order; all are in languages that the recogniser writes.

        Raises ModelMissingError, and MemoryError, which is no fault of the chunk.
        """
        for _, same in itertools.groupby(tasks, key=lambda task: task.language):
            while some := list(itertools.islice(same, self.group)):
                yield from self._group(some, recogniser)

    def _group(self, some: Sequence[Task], recogniser: Recogniser) -> Iterator[Written]:
        samples = [self.audio.read_span(task.span) for task in some]
        try:
            found = recogniser.recognise(samples, some[0].language, self.vocabulary)
        except (MediaindexError, MemoryError):
            raise
        except Exception:
            log.exception("%s failed on a group of %d chunks; each is tried alone", recogniser.name, len(some))
            for task in some:
                yield self._alone(task, recogniser)
            return
        for task, words in zip(some, found, strict=True):
            yield _written(task, recogniser, self._placed(task.span, words))

    def _alone(self, task: Task, recogniser: Recogniser) -> Written:
        try:
            (words,) = recogniser.recognise([self.audio.read_span(task.span)], task.language, self.vocabulary)
        except (MediaindexError, MemoryError):
            raise
        except Exception as error:  # whatever a model throws at one chunk, the others are kept
            why = f"{recogniser.name} failed: {type(error).__name__}: {error}"
            return Written(task.span, task.language, recogniser.name, (), why)
        return _written(task, recogniser, self._placed(task.span, words))

    def _placed(self, chunk: Span, words: Sequence[Word]) -> Iterator[Word]:
        last = round_to_ms(self.audio.duration)
        for word in words:
            start = min(chunk.start + word.start, last - RESOLUTION)
            yield word.moved_to(start, min(chunk.start + word.end, last))


def _written(task: Task, recogniser: Recogniser, words: Iterator[Word]) -> Written:
    return Written(task.span, task.language, recogniser.name, PackedWords(words))
