"""Speech to words: cut at pauses, each stretch by the first model that writes its language, doubts heard twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mediaindex.contract.results import Doubt, Gap, Language, Part, Recognition, Speech
from mediaindex.contract.settings import TranscribeSettings
from mediaindex.errors import ErrorCode, ModelMissingError, TerminalError
from mediaindex.timeline import Clock, Span, Word

from .audio import Audio
from .chunk_words import Desk, Task, Written
from .chunks import plan_chunks, quietest
from .doubts import Bounds
from .language_spans import by_language
from .protocols import Recogniser
from .second_decoding import FindNext, Settled, decode_again, listen

VERSION = 3

LONGEST_CHUNK = 30.0  # seconds: Whisper's window, and as far as full attention is cheap


@dataclass(slots=True)
class _Roster:
    """Who writes what; ``fallback`` says why somebody preferred does not."""

    recognisers: Sequence[Recogniser]
    missing: set[str] = field(default_factory=set)
    fallback: str | None = None

    def able(self, language: str) -> list[Recogniser]:
        """In order of preference."""
        return [one for one in self.recognisers if language in one.languages]

    def next_to(self, written: Written) -> Recogniser | None:
        """Who hears what this one wrote: the next after whoever wrote it."""
        able = self.able(written.language)
        names = [one.name for one in able]
        later = able[names.index(written.recogniser) + 1 :] if written.recogniser in names else []
        return next((one for one in later if one.name not in self.missing), None)

    def write(self, desk: Desk, tasks: Sequence[Task]) -> list[Written]:
        """Chunks of one language, by the first who writes it and is there."""
        for recogniser in self.able(tasks[0].language):
            try:
                return list(desk.write(tasks, recogniser))
            except ModelMissingError as error:
                self.missing.add(recogniser.name)
                self.fallback = self.fallback or error.message
        if self.able(tasks[0].language):
            raise ModelMissingError(str(self.fallback))
        why = f"no recogniser here writes {tasks[0].language!r}"
        return [Written(task.span, task.language, "", (), why) for task in tasks]


def transcribe(
    audio: Audio,
    speech: Speech,
    language: Language,
    recognisers: Sequence[Recogniser],
    settings: TranscribeSettings,
    vocabulary: Sequence[str] = (),
) -> Recognition:
    """Words of all speech, on the source's clock. No speech gives no words, and no model is loaded for it.

    Where the clock jumps, every stretch of the result is cut, and a word over the jump is on the side of its middle.

    A recogniser that is not there passes the recording on to the next, and ``fallback`` says so; a chunk that fails
    alone, too, or is in a language that nobody writes, becomes a gap. Raises TerminalError where nobody writes the
    language of the recording.
    """
    main = settings.default_language if language.language == "und" else language.language
    roster = _Roster(recognisers)
    if not roster.able(main):
        raise TerminalError(
            f"no recogniser here writes {main!r}; add a model for it", code=ErrorCode.LANGUAGE_UNSUPPORTED
        )
    spans = [audio.clock.span_to_audio(span) for span in speech.spans]
    tasks = _tasks(audio, spans, language, main, settings)
    desk = Desk(audio, settings.group, vocabulary)
    written = [one for some in _per_language(tasks, main) for one in roster.write(desk, some)]
    written.sort(key=lambda one: one.span.start)
    find_next: FindNext = roster.next_to if settings.second_decoding else lambda _: None
    bounds = Bounds(settings.unwritten, settings.reach, settings.min_confidence)
    settled = decode_again([listen(one, spans, bounds) for one in written], desk, bounds, find_next)
    return _recognition(audio.clock, tasks, settled, Part(Span(0, 1), main, roster.able(main)[0].name), roster.fallback)


def _tasks(
    audio: Audio, spans: Sequence[Span], language: Language, main: str, settings: TranscribeSettings
) -> list[Task]:
    """Chunks in order, none of them in two languages."""
    languages = [(audio.clock.span_to_audio(one.span), one.language) for one in language.spans]
    return [
        Task(chunk, code)
        for code, some in by_language(spans, languages, main)
        for chunk in plan_chunks(some, settings.max_chunk, settings.max_pause, lambda a, b: quietest(audio, a, b))
    ]


def _per_language(tasks: Sequence[Task], main: str) -> Iterator[list[Task]]:
    """The main language first, so that it is the main recogniser whose absence is told."""
    codes = dict.fromkeys([main, *(task.language for task in tasks)])
    for code in codes:
        if some := [task for task in tasks if task.language == code]:
            yield some


def _recognition(
    clock: Clock, tasks: Sequence[Task], settled: Sequence[Settled], nobody: Part, fallback: str | None
) -> Recognition:
    pieces = [piece for one in settled for piece in one.pieces]
    parts = tuple(_joined(clock, [piece for piece in pieces if not piece.failure]))
    main = _most(parts, nobody)
    words = (word for piece in pieces for word in piece.words)
    return Recognition(
        language=nobody.language,
        recogniser=main.recogniser,
        words=tuple(_in_order(_on_clock(word, clock) for word in words)),
        chunks=tuple(some for task in tasks for some in clock.pieces_to_source(task.span)),
        gaps=tuple(
            Gap(span, one.failure) for one in pieces if one.failure for span in clock.pieces_to_source(one.span)
        ),
        fallback=fallback,
        parts=parts,
        doubts=tuple(
            Doubt(span, doubt.reason)
            for one in settled
            for doubt in one.doubts
            if not any(piece.failure for piece in one.pieces)  # a gap says it already
            for span in clock.pieces_to_source(doubt.span)
        ),
        second=tuple(some for one in settled for span in one.again for some in clock.pieces_to_source(span)),
    )


def _most(parts: Sequence[Part], nobody: Part) -> Part:
    """Who wrote most of the main language."""
    seconds: dict[str, float] = {}
    for part in parts:
        if part.language == nobody.language:
            seconds[part.recogniser] = seconds.get(part.recogniser, 0.0) + part.span.duration
    name = max(seconds, key=lambda one: seconds[one], default=nobody.recogniser)
    return Part(nobody.span, nobody.language, name)


def _joined(clock: Clock, pieces: Sequence[Written]) -> Iterator[Part]:
    """One part for pieces in a row of the same hand and language; one on each side where the clock jumps."""
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
    """Rounding may put a word a millisecond before its neighbour; the timeline wants order."""
    start = end = 0.0
    for word in words:
        start, end = max(start, word.start), max(end, word.end)
        yield word.moved_to(start, end)
