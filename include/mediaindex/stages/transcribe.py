"""Speech to words: cut at pauses, recognised by the first model that writes the language."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mediaindex.errors import MediaindexError, ModelMissingError, TerminalError
from mediaindex.timeline import Span, Word, seconds

from .audio import Audio
from .chunks import plan_chunks
from .protocols import SAMPLE_RATE, Recogniser
from .results import Gap, Language, Recognition, Speech

VERSION = 1

log = logging.getLogger(__name__)

LONGEST_CHUNK = 30.0  # seconds: Whisper's window, and as far as full attention is cheap
SMOOTH = 5  # frames that are loud or quiet together: a single quiet frame is a plosive, not a pause
FRAME = 0.02  # seconds: where a long stretch is cut, the quietest stretch of this length wins


@dataclass(frozen=True, slots=True)
class Settings:
    """How speech is cut and shared out."""

    # Seconds in one chunk. Attention's cost grows with the square of it, and less than 20 s costs words at the edges.
    max_chunk: float = 28.0
    # A pause longer than this ends a chunk: silence costs time and tempts recognisers to invent.
    max_pause: float = 2.0
    # Chunks read into memory together; the recogniser batches among them.
    group: int = 16
    # What is assumed of speech too short to tell its language.
    default_language: str = "en"

    def __post_init__(self) -> None:
        if not 4.0 <= self.max_chunk <= LONGEST_CHUNK:
            raise ValueError(f"transcribe: max_chunk lies between 4 and {LONGEST_CHUNK:.0f} seconds")
        if self.max_pause < 0.0 or self.group < 1:
            raise ValueError("transcribe: max_pause is at least 0 seconds, group at least 1 chunk")


def transcribe(
    audio: Audio,
    speech: Speech,
    language: Language,
    recognisers: Sequence[Recogniser],
    settings: Settings,
    vocabulary: Sequence[str] = (),
) -> Recognition:
    """Words of all speech, on the source's clock. No speech gives no words, and no model is loaded for it.

    A recogniser that is not there passes the recording on to the next, and ``fallback`` says so; a chunk that fails
    alone, too, becomes a gap. Raises TerminalError where nobody writes the language.
    """
    code = settings.default_language if language.language == "und" else language.language
    spans = [audio.clock.span_to_audio(span) for span in speech.spans]
    chunks = plan_chunks(spans, settings.max_chunk, settings.max_pause, lambda a, b: quietest(audio, a, b))
    able = [one for one in recognisers if code in one.languages]
    if not able:
        raise TerminalError(f"no recogniser here writes {code!r}; add a model for it", code="language_unsupported")
    fallback = None
    for recogniser in able:
        try:
            words, gaps = _recognise(audio, chunks, recogniser, code, settings.group, vocabulary)
        except ModelMissingError as error:
            fallback = fallback or error.message
            continue
        placed = tuple(audio.clock.span_to_source(chunk) for chunk in chunks)
        return Recognition(code, recogniser.name, tuple(_in_order(words)), placed, tuple(gaps), fallback)
    raise ModelMissingError(str(fallback))


def quietest(audio: Audio, start: float, end: float) -> float:
    """Middle (s) of the quietest stretch between two positions (s) of the decoded audio."""
    import numpy as np

    samples = audio.read_span(Span(start, end))
    size = round(FRAME * SAMPLE_RATE)
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    if len(frames) < SMOOTH:
        return end
    # Only where all frames are there: at the edges a shorter sum would always look quieter.
    energy = np.convolve((frames**2).mean(axis=1), np.ones(SMOOTH), mode="valid")
    return start + (int(energy.argmin()) + SMOOTH / 2) * FRAME


def _recognise(
    audio: Audio, chunks: Sequence[Span], recogniser: Recogniser, code: str, group: int, vocabulary: Sequence[str]
) -> tuple[list[Word], list[Gap]]:
    words: list[Word] = []
    gaps: list[Gap] = []
    for first in range(0, len(chunks), group):
        some = chunks[first : first + group]
        for chunk, found in zip(some, _group(audio, some, recogniser, code, vocabulary), strict=True):
            if isinstance(found, str):
                gaps.append(Gap(audio.clock.span_to_source(chunk), found))
            else:
                words += (_placed(audio, chunk, word) for word in found)
    return words, gaps


def _group(
    audio: Audio, some: Sequence[Span], recogniser: Recogniser, code: str, vocabulary: Sequence[str]
) -> list[tuple[Word, ...] | str]:
    """Words of each chunk; where the group fails each is tried alone, and a reason stands for one that still does."""
    samples = [audio.read_span(chunk) for chunk in some]
    try:
        return list(recogniser.recognise(samples, code, vocabulary))
    except (MediaindexError, MemoryError):
        raise
    except Exception:
        log.exception("%s failed on a group of %d chunks; each is tried alone", recogniser.name, len(some))
    found: list[tuple[Word, ...] | str] = []
    for one in samples:
        try:
            found += recogniser.recognise([one], code, vocabulary)
        except (MediaindexError, MemoryError):
            raise
        except Exception as error:  # whatever a model throws at one chunk, the others are kept
            found.append(f"{recogniser.name} failed: {type(error).__name__}: {error}")
    return found


def _placed(audio: Audio, chunk: Span, word: Word) -> Word:
    start = min(seconds(chunk.start + word.start), seconds(audio.duration - 0.001))
    end = min(seconds(chunk.start + word.end), seconds(audio.duration))
    span = audio.clock.span_to_source(Span(start, max(end, seconds(start + 0.001))))
    return Word(span.start, span.end, word.text, word.confidence)


def _in_order(words: Iterable[Word]) -> Iterator[Word]:
    """Rounding may put a word a millisecond before its neighbour; the timeline wants order."""
    start = end = 0.0
    for word in words:
        start, end = max(start, word.start), max(end, word.end)
        yield Word(start, end, word.text, word.confidence)
