"""Decode chunks with a recogniser: in groups, and each chunk alone if a group fails."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mediaindex.errors import MediaindexError
from mediaindex.printable import logger
from mediaindex.timeline import RESOLUTION, Span, Word, round_to_ms
from mediaindex.timeline.scripts import is_spaceless, timed_tokens

from .protocols import Recogniser, SampleSource


class PackedWords:
    """Words without speakers in a seventh of the memory; each iteration creates equal words again."""

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


log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk to decode (seconds of decoded audio) and its language."""

    span: Span
    language: str


@dataclass(frozen=True, slots=True)
class DecodedChunk:
    """A decoded chunk: its words, in seconds of decoded audio, or the reason why decoding failed.

    Each iteration may create the words again. ``may_loop``: the recogniser may repeat words that nobody repeats."""

    span: Span
    language: str
    recogniser: str
    words: Iterable[Word]
    failure: str | None = None
    may_loop: bool = True


@dataclass(frozen=True, slots=True)
class ChunkDecoder:
    """Decodes chunks of one recording. ``group``: number of chunks in memory at a time."""

    audio: SampleSource
    group: int
    vocabulary: Sequence[str] = ()

    def decode(self, chunks: Sequence[Chunk], recogniser: Recogniser) -> Iterator[DecodedChunk]:
        """The decoded chunks in order; the recogniser must support their languages.

        Raises ModelMissingError, and MemoryError, because it is not caused by a chunk.
        """
        for _, same_language in itertools.groupby(chunks, key=lambda chunk: chunk.language):
            while group := list(itertools.islice(same_language, self.group)):
                yield from self._group(group, recogniser)

    def _group(self, group: Sequence[Chunk], recogniser: Recogniser) -> Iterator[DecodedChunk]:
        samples = [self.audio.read_span(chunk.span) for chunk in group]
        try:
            decoded = recogniser.recognise(samples, group[0].language, self.vocabulary)
        except (MediaindexError, MemoryError):
            raise
        except Exception:
            log.exception("%s failed on a group of %d chunks; each chunk is tried alone", recogniser.name, len(group))
            for chunk in group:
                yield self._alone(chunk, recogniser)
            return
        for chunk, words in zip(group, decoded, strict=True):
            yield _decoded(chunk, recogniser, self._placed(chunk.span, words))

    def _alone(self, chunk: Chunk, recogniser: Recogniser) -> DecodedChunk:
        try:
            (words,) = recogniser.recognise([self.audio.read_span(chunk.span)], chunk.language, self.vocabulary)
        except (MediaindexError, MemoryError):
            raise
        except Exception as error:  # whatever a model raises for one chunk, the others are kept
            why = f"{recogniser.name} failed: {type(error).__name__}: {error}"
            return DecodedChunk(chunk.span, chunk.language, recogniser.name, (), why)
        return _decoded(chunk, recogniser, self._placed(chunk.span, words))

    def _placed(self, chunk: Span, words: Sequence[Word]) -> Iterator[Word]:
        last = round_to_ms(self.audio.duration)
        for word in _by_token(words):
            start = min(chunk.start + word.start, last - RESOLUTION)
            yield word.moved_to(start, min(chunk.start + word.end, last))


def _by_token(words: Sequence[Word]) -> Sequence[Word]:
    """The words, each one token of their text: in scripts without spaces, one character with its marks."""
    if not is_spaceless("".join(word.text for word in words)):
        return words
    return [
        replace(
            words[token.first].moved_to(token.start, token.end),
            text=token.text,
            confidence=min(word.confidence for word in words[token.first : token.after]),
        )
        for token in timed_tokens(words)
    ]


def _decoded(chunk: Chunk, recogniser: Recogniser, words: Iterator[Word]) -> DecodedChunk:
    return DecodedChunk(chunk.span, chunk.language, recogniser.name, PackedWords(words), may_loop=recogniser.may_loop)
