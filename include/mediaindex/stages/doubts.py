"""Find doubtful results of recognition: speech without words, words without speech, impossible rates and loops.

Pure functions over words and speech, both in order and on the same clock (seconds).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mediaindex.contract.results import Doubt
from mediaindex.contract.states import DoubtReason
from mediaindex.timeline import Span, Word

# First and last code points of scripts with several letters per syllable. Scripts that are not listed have about one
# syllable per letter: kana, Hangul, Han, and those of India and South-East Asia (vowel signs are no letters).
_ALPHABETS = ((0x0000, 0x058F), (0x10A0, 0x10FF), (0x1C80, 0x1CBF), (0x1E00, 0x1FFF), (0x2C00, 0x2DFF))
_CONSONANTS = ((0x0590, 0x08FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF))  # Hebrew, Arabic: short vowels are not written


def syllables(text: str) -> float:
    """The approximate number of syllables, from the letters per syllable of each script; a digit counts as one."""
    return sum(_syllables_per_character(character) for character in text if character.isalnum())


def _syllables_per_character(character: str) -> float:
    if character.isdigit():
        return 1.0
    point = ord(character)
    if any(first <= point <= last for first, last in _ALPHABETS):
        return 1 / 3
    if any(first <= point <= last for first, last in _CONSONANTS):
        return 1 / 2
    return 1.0


def plain(text: str) -> str:
    """The letters and digits of a word in lower case; the word itself if it has none."""
    return "".join(character for character in text.casefold() if character.isalnum()) or text


# Syllables per second. Over 17 languages speakers read 4.3 to 9.1 (Coupe et al., Science Advances 2019). A rate well
# outside this range means that the recogniser invents or drops words.
FASTEST = 15.0
SLOWEST = 1.0
JUDGED_FROM = 15  # syllables: a shorter burst may well be fast
SLOW_FROM = 5.0  # s of speech in a passage from which it can be too slow
PASSAGE = 6.0  # s of words judged together: long enough for a rate and a mean, short enough to locate the doubt
PASSAGE_WORDS = 3  # fewer words have no meaningful mean
PAUSE = 0.3  # s: a pause at which a passage may end
LONGEST_UNIT = 12  # words or characters that a loop repeats
REPEATS = 4  # consecutive repetitions that people do not make
LOOPED = 8  # fewest words or characters in a loop: people say "no, no, no, no"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits below which nothing is doubtful. Times in seconds."""

    unwritten: float  # speech without a word nearby that is no loss: breath, laughter, a cough
    reach: float  # distance from a word within which speech counts as transcribed, and a word as spoken
    min_confidence: float  # mean P(word is right) of a passage below which it is doubtful


def find_doubts(words: Sequence[Word], speech: Sequence[Span], bounds: Bounds, *, may_loop: bool = True) -> list[Doubt]:
    """All doubts in order of start; doubts with different reasons may overlap.

    ``may_loop``: whether the recogniser may repeat words that nobody repeats. One that decodes frame by frame does not:
    what it repeats was repeated.
    """
    doubts = [
        *unwritten(words, speech, bounds),
        *invented(words, speech, bounds),
        *(loops(words) if may_loop else ()),
        *(doubt for passage in passages(words) for doubt in _judge(passage, speech, bounds)),
    ]
    return sorted(doubts, key=lambda doubt: (doubt.span.start, doubt.span.end))


def unwritten(words: Sequence[Word], speech: Sequence[Span], bounds: Bounds) -> Iterator[Doubt]:
    """Doubts about speech between two words, out of reach of both, if longer than ``bounds.unwritten``."""
    ends = [(0.0, 0.0), *((word.start - bounds.reach, word.end + bounds.reach) for word in words)]
    starts = [*(start for start, _ in ends[1:]), float("inf")]
    index, open_from = 0, 0.0
    for (_, end), start in zip(ends, starts, strict=True):
        open_from = max(open_from, end)
        while index < len(speech) and speech[index].end <= open_from:
            index += 1
        silent = list(_between(speech, index, open_from, start))
        if sum(high - low for low, high in silent) > bounds.unwritten:
            yield Doubt(Span(silent[0][0], silent[-1][1]), DoubtReason.NO_WORDS)


def _between(speech: Sequence[Span], index: int, start: float, end: float) -> Iterator[tuple[float, float]]:
    for span in itertools.islice(speech, index, None):
        if span.start >= end:
            return
        low, high = max(span.start, start), min(span.end, end)
        if low < high:
            yield low, high


def invented(words: Sequence[Word], speech: Sequence[Span], bounds: Bounds) -> Iterator[Doubt]:
    """Doubts about runs of words without speech nearby."""
    index = 0
    run: list[Word] = []
    for word in words:
        while index < len(speech) and speech[index].end + bounds.reach < word.start:
            index += 1
        if index < len(speech) and speech[index].start - bounds.reach <= word.end:
            if run:
                yield Doubt(_extent(run), DoubtReason.NOBODY_SPEAKS)
            run = []
        else:
            run.append(word)
    if run:
        yield Doubt(_extent(run), DoubtReason.NOBODY_SPEAKS)


def loops(words: Sequence[Word]) -> Iterator[Doubt]:
    """Doubts about repetitions of the same few words, which decoders produce when they do not leave a sentence."""
    texts = [plain(word.text) for word in words]
    looped: set[int] = set()  # words already in a loop: a loop of two words is one of four words too
    for length in range(1, min(LONGEST_UNIT, len(texts) // REPEATS) + 1):
        same = [text == later for text, later in zip(texts, texts[length:], strict=False)]
        at = 0
        for repeated, group in itertools.groupby(same):
            size = len(list(group))
            if repeated and size + length >= max(LOOPED, REPEATS * length) and at not in looped:
                yield Doubt(_extent(words[at : at + size + length]), DoubtReason.LOOP)
                looped.update(range(at, at + size + length))
            at += size


def passages(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Consecutive words of ``PASSAGE`` seconds, up to the next pause, or of twice that length without a pause."""
    begin = 0
    for index in range(1, len(words)):
        length = words[index - 1].end - words[begin].start
        pause = words[index].start - words[index - 1].end
        if length >= 2 * PASSAGE or (length >= PASSAGE and pause >= PAUSE) or pause > PASSAGE:
            yield words[begin:index]
            begin = index
    if words:
        yield words[begin:]


def _judge(passage: Sequence[Word], speech: Sequence[Span], bounds: Bounds) -> Iterator[Doubt]:
    span = _extent(passage)
    spoken = sum(syllables(word.text) for word in passage)
    speech_seconds = sum(span.overlap(speech_span) for speech_span in speech)
    if spoken >= JUDGED_FROM and spoken / span.duration > FASTEST:
        yield Doubt(span, DoubtReason.TOO_FAST)
    if speech_seconds >= SLOW_FROM and spoken / speech_seconds < SLOWEST:
        yield Doubt(span, DoubtReason.TOO_SLOW)
    confidence = sum(word.confidence for word in passage) / len(passage)
    if len(passage) >= PASSAGE_WORDS and confidence < bounds.min_confidence:
        yield Doubt(span, DoubtReason.LOW_CONFIDENCE)


def _extent(words: Sequence[Word]) -> Span:
    return Span(words[0].start, max(word.end for word in words))


def doubtful_seconds(doubts: Iterable[Doubt], within: Span) -> float:
    """Seconds of ``within`` covered by at least one doubt."""
    total, reached = 0.0, within.start
    for doubt in sorted(doubts, key=lambda doubt: doubt.span.start):
        low, high = max(doubt.span.start, reached), min(doubt.span.end, within.end)
        if low < high:
            total, reached = total + high - low, high
    return total
