"""The stage ``transcribe``: cut speech at pauses, recognise it, and decode doubtful parts a second time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mediaindex.contract.results import Doubt, Gap, Language, Part, Recognition, Speech
from mediaindex.contract.settings import TranscribeSettings
from mediaindex.errors import ErrorCode, ModelMissingError, TerminalError
from mediaindex.timeline import Clock, Span, Word

from .audio import Audio
from .chunk_words import Chunk, ChunkDecoder, DecodedChunk
from .chunks import plan_chunks, quietest
from .doubts import Bounds
from .language_spans import by_language
from .protocols import Recogniser
from .second_decoding import FindNext, ResolvedChunk, decode_again, examine

VERSION = 4


@dataclass(slots=True)
class _Recognisers:
    """The recognisers in order of preference; ``fallback``: why a preferred one was not used."""

    recognisers: Sequence[Recogniser]
    missing: set[str] = field(default_factory=set)
    fallback: str | None = None

    def supporting(self, language: str) -> list[Recogniser]:
        """The recognisers that support the language, in order of preference."""
        return [recogniser for recogniser in self.recognisers if language in recogniser.languages]

    def next_after(self, decoded: DecodedChunk) -> Recogniser | None:
        """The next recogniser in order of preference, for a second decoding."""
        supporting = self.supporting(decoded.language)
        names = [recogniser.name for recogniser in supporting]
        later = supporting[names.index(decoded.recogniser) + 1 :] if decoded.recogniser in names else []
        return next((recogniser for recogniser in later if recogniser.name not in self.missing), None)

    def decode(self, decoder: ChunkDecoder, chunks: Sequence[Chunk]) -> list[DecodedChunk]:
        """Decode chunks of one language with the first available recogniser that supports it."""
        language = chunks[0].language
        for recogniser in self.supporting(language):
            try:
                return list(decoder.decode(chunks, recogniser))
            except ModelMissingError as error:
                self.missing.add(recogniser.name)
                self.fallback = self.fallback or error.message
        if self.supporting(language):
            raise ModelMissingError(str(self.fallback))
        why = f"no configured recogniser supports {language!r}"
        return [DecodedChunk(chunk.span, chunk.language, "", (), why) for chunk in chunks]


def transcribe(
    audio: Audio,
    speech: Speech,
    language: Language,
    recognisers: Sequence[Recogniser],
    settings: TranscribeSettings,
    vocabulary: Sequence[str] = (),
) -> Recognition:
    """Words of all speech, on the source's clock. Without speech there are no words, and no model is loaded.

    Spans of the result are cut at each jump of the clock; a word across a jump is on the side of its middle.

    If a recogniser is not available, the next one is used and ``fallback`` says so. A chunk becomes a gap if it also
    fails alone, or if no recogniser supports its language. Raises TerminalError if no recogniser supports the language
    of the recording, ModelMissingError if none that supports it is available.
    """
    main = settings.default_language if language.language == "und" else language.language
    available = _Recognisers(recognisers)
    if not available.supporting(main):
        raise TerminalError(
            f"no configured recogniser supports {main!r}; add a model for it", code=ErrorCode.LANGUAGE_UNSUPPORTED
        )
    spans = [audio.clock.span_to_audio(span) for span in speech.spans]
    chunks = _chunks(audio, spans, language, main, settings)
    decoder = ChunkDecoder(audio, settings.group, vocabulary)
    decoded = [result for group in _per_language(chunks, main) for result in available.decode(decoder, group)]
    decoded.sort(key=lambda result: result.span.start)
    find_next: FindNext = available.next_after if settings.second_decoding else lambda _: None
    bounds = Bounds(settings.unwritten, settings.reach, settings.min_confidence)
    resolved = decode_again([examine(result, spans, bounds) for result in decoded], decoder, bounds, find_next)
    preferred = available.supporting(main)[0].name
    return _recognition(audio.clock, chunks, resolved, main, preferred, available.fallback)


def _chunks(
    audio: Audio, spans: Sequence[Span], language: Language, main: str, settings: TranscribeSettings
) -> list[Chunk]:
    """Chunks in order, each in one language."""
    languages = [(audio.clock.span_to_audio(part.span), part.language) for part in language.spans]
    return [
        Chunk(span, code)
        for code, group in by_language(spans, languages, main)
        for span in plan_chunks(group, settings.max_chunk, settings.max_pause, lambda a, b: quietest(audio, a, b))
    ]


def _per_language(chunks: Sequence[Chunk], main: str) -> Iterator[list[Chunk]]:
    """Chunks by language, the main language first, so that ``fallback`` concerns its recogniser if possible."""
    codes = dict.fromkeys([main, *(chunk.language for chunk in chunks)])
    for code in codes:
        if group := [chunk for chunk in chunks if chunk.language == code]:
            yield group


def _recognition(
    clock: Clock,
    chunks: Sequence[Chunk],
    resolved: Sequence[ResolvedChunk],
    main: str,
    preferred: str,
    fallback: str | None,
) -> Recognition:
    pieces = [piece for chunk in resolved for piece in chunk.pieces]
    parts = tuple(_joined(clock, [piece for piece in pieces if not piece.failure]))
    words = (word for piece in pieces for word in piece.words)
    return Recognition(
        language=main,
        recogniser=_main_recogniser(parts, main, preferred),
        words=tuple(_in_order(_on_clock(word, clock) for word in words)),
        chunks=tuple(span for chunk in chunks for span in clock.pieces_to_source(chunk.span)),
        gaps=tuple(
            Gap(span, piece.failure) for piece in pieces if piece.failure for span in clock.pieces_to_source(piece.span)
        ),
        fallback=fallback,
        parts=parts,
        doubts=tuple(
            Doubt(span, doubt.reason)
            for chunk in resolved
            for doubt in chunk.doubts
            if not any(piece.failure for piece in chunk.pieces)  # reported as a gap
            for span in clock.pieces_to_source(doubt.span)
        ),
        second=tuple(piece for chunk in resolved for span in chunk.again for piece in clock.pieces_to_source(span)),
    )


def _main_recogniser(parts: Sequence[Part], language: str, preferred: str) -> str:
    """The recogniser of most of the language; ``preferred`` if there is none."""
    seconds: dict[str, float] = {}
    for part in parts:
        if part.language == language:
            seconds[part.recogniser] = seconds.get(part.recogniser, 0.0) + part.span.duration
    return max(seconds, key=lambda name: seconds[name], default=preferred)


def _joined(clock: Clock, pieces: Sequence[DecodedChunk]) -> Iterator[Part]:
    """A part for each run of pieces of the same recogniser and language, cut at jumps of the clock."""
    begin = 0
    for index in range(1, len(pieces) + 1):
        first = pieces[begin]
        if index < len(pieces) and (pieces[index].language, pieces[index].recogniser) == (
            first.language,
            first.recogniser,
        ):
            continue
        whole = Span(first.span.start, pieces[index - 1].span.end)
        for span in clock.pieces_to_source(whole):
            yield Part(span, first.language, first.recogniser)
        begin = index


def _on_clock(word: Word, clock: Clock) -> Word:
    span = clock.side_to_source(word)
    return word.moved_to(span.start, span.end)


def _in_order(words: Iterable[Word]) -> Iterator[Word]:
    """The words in order: rounding may move a word a millisecond before its neighbour."""
    start = end = 0.0
    for word in words:
        start, end = max(start, word.start), max(end, word.end)
        yield word.moved_to(start, end)
