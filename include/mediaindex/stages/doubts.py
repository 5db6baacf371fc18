"""Where the words of a recognition cannot be right: speech without words, words without speech, and what nobody says.

Pure functions over words and speech, both in order and on one clock (seconds).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mediaindex.contract.results import Doubt
from mediaindex.contract.states import DoubtReason
from mediaindex.timeline import Span, Word

# First and last code point of scripts, and how many of their letters make a syllable. Scripts that are not listed write
# about one syllable a letter: kana, Hangul, Han, and those of India and South-East Asia (vowel signs are no letters).
_ALPHABETS = ((0x0000, 0x058F), (0x10A0, 0x10FF), (0x1C80, 0x1CBF), (0x1E00, 0x1FFF), (0x2C00, 0x2DFF))
_CONSONANTS = ((0x0590, 0x08FF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF))  # Hebrew, Arabic: short vowels are not written


def syllables(text: str) -> float:
    """Letters by how many of them their script needs for a syllable; a digit is spoken as one, at least."""
    return sum(_share(character) for character in text if character.isalnum())


def _share(character: str) -> float:
    if character.isdigit():
        return 1.0
    point = ord(character)
    if any(first <= point <= last for first, last in _ALPHABETS):
        return 1 / 3
    if any(first <= point <= last for first, last in _CONSONANTS):
        return 1 / 2
    return 1.0


def plain(text: str) -> str:
    """The letters and digits of a word in lower case; the word itself where it has none."""
    return "".join(character for character in text.casefold() if character.isalnum()) or text


# Syllables a second. Over 17 languages speakers read 4.3 to 9.1 (Coupe et al., Science Advances 2019): what lies well
# outside is no reading speed, but a recogniser that invents or drops words.
FASTEST = 15.0
SLOWEST = 1.0
JUDGED_FROM = 15  # syllables: a burst of fewer is fast for a moment
HEARD_FROM = 5.0  # s of speech in a passage before it can be slow
PASSAGE = 6.0  # s of words judged together; long enough for a rate and a mean, short enough to say where
PASSAGE_WORDS = 3  # fewer have no mean worth the name
PAUSE = 0.3  # s between two passages, where there is one
LONGEST_UNIT = 12  # words or characters that a loop repeats
REPEATS = 4  # times in a row that people do not say the same
LOOPED = 8  # words or characters at least in a loop: "no, no, no, no" is said


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is let pass. Times in seconds."""

    unwritten: float  # speech without a word near that is no loss: breath, laughter, a cough
    reach: float  # so near to a word speech counts as written, and so near to speech a word as spoken
    min_confidence: float  # mean P(word is right) of a passage below which it is guessed


def find_doubts(words: Sequence[Word], speech: Sequence[Span], bounds: Bounds) -> list[Doubt]:
    """Every doubtful stretch, in order of start; stretches of different reasons may overlap."""
    found = [
        *unwritten(words, speech, bounds),
        *invented(words, speech, bounds),
        *loops(words),
        *(doubt for passage in passages(words) for doubt in _judge(passage, speech, bounds)),
    ]
    return sorted(found, key=lambda doubt: (doubt.span.start, doubt.span.end))


def unwritten(words: Sequence[Word], speech: Sequence[Span], bounds: Bounds) -> Iterator[Doubt]:
    """Between two words: more speech out of their reach than ``bounds.unwritten``."""
    ends = [(0.0, 0.0), *((word.start - bounds.reach, word.end + bounds.reach) for word in words)]
    starts = [*(start for start, _ in ends[1:]), float("inf")]
    index, open_from = 0, 0.0
    for (_, end), start in zip(ends, starts, strict=True):
        open_from = max(open_from, end)
        while index < len(speech) and speech[index].end <= open_from:
            index += 1
        silent = list(_between(speech, index, open_from, start))
        if sum(low_high[1] - low_high[0] for low_high in silent) > bounds.unwritten:
            yield Doubt(Span(silent[0][0], silent[-1][1]), DoubtReason.NO_WORDS)


def _between(speech: Sequence[Span], index: int, start: float, end: float) -> Iterator[tuple[float, float]]:
    for span in itertools.islice(speech, index, None):
        if span.start >= end:
            return
        low, high = max(span.start, start), min(span.end, end)
        if low < high:
            yield low, high


def invented(words: Sequence[Word], speech: Sequence[Span], bounds: Bounds) -> Iterator[Doubt]:
    """Runs of words that no speech is near."""
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
    """The same few words again and again, as decoders write that do not get out of a sentence."""
    texts = [plain(word.text) for word in words]
    looped: set[int] = set()  # what two words repeat, four do as well
    for length in range(1, min(LONGEST_UNIT, len(texts) // REPEATS) + 1):
        same = [one == other for one, other in zip(texts, texts[length:], strict=False)]
        at = 0
        for repeated, group in itertools.groupby(same):
            size = len(list(group))
            if repeated and size + length >= max(LOOPED, REPEATS * length) and at not in looped:
                yield Doubt(_extent(words[at : at + size + length]), DoubtReason.LOOP)
                looped.update(range(at, at + size + length))
            at += size


def passages(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Words in a row that fill ``PASSAGE`` seconds, up to the next pause; twice as long where there is none."""
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
    said = sum(syllables(word.text) for word in passage)
    heard = sum(span.overlap(one) for one in speech)
    if said >= JUDGED_FROM and said / span.duration > FASTEST:
        yield Doubt(span, DoubtReason.TOO_FAST)
    if heard >= HEARD_FROM and said / heard < SLOWEST:
        yield Doubt(span, DoubtReason.TOO_SLOW)
    sure = sum(word.confidence for word in passage) / len(passage)
    if len(passage) >= PASSAGE_WORDS and sure < bounds.min_confidence:
        yield Doubt(span, DoubtReason.LOW_CONFIDENCE)


def _extent(words: Sequence[Word]) -> Span:
    return Span(words[0].start, max(word.end for word in words))


def doubtful_seconds(doubts: Iterable[Doubt], within: Span) -> float:
    """Seconds of ``within`` that any doubt covers, each counted once."""
    total, reached = 0.0, within.start
    for doubt in sorted(doubts, key=lambda one: one.span.start):
        low, high = max(doubt.span.start, reached), min(doubt.span.end, within.end)
        if low < high:
            total, reached = total + high - low, high
    return total
