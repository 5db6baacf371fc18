"""Build turns from words with speakers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mediaindex.contract.results import Recognition
from mediaindex.timeline import Turn, Word


@dataclass(frozen=True, slots=True)
class TurnRules:
    """Where a turn ends, besides at a change of speaker; all in seconds."""

    pause: float  # silence that ends a turn
    longest: float  # a turn longer than this is cut at its best pause
    good_pause: float  # a pause of this length in the second half is preferred as the cut


def build_turns(words: Sequence[Word], languages: Sequence[str], rules: TurnRules) -> tuple[Turn, ...]:
    """Turns in order; every word is in exactly one of them, and each turn ends with its last word.

    ``languages`` has the language of each word; a turn has one language.
    """
    return tuple(
        Turn(part[0].start, part[-1].end, part[0].speaker or "", language, tuple(part))
        for run, language in _runs(words, languages, rules.pause)
        for part in _cut(run, rules)
    )


def _runs(words: Sequence[Word], languages: Sequence[str], pause: float) -> Iterator[tuple[Sequence[Word], str]]:
    """Runs of words of one speaker in one language without a long pause, with the language."""
    own = [(word.speaker, language) for word, language in zip(words, languages, strict=True)]
    begin = 0
    for index in range(1, len(words) + 1):
        if index == len(words) or own[index] != own[begin] or _gap(words, index) > pause:
            yield words[begin:index], languages[begin]
            begin = index


def _cut(run: Sequence[Word], rules: TurnRules) -> Iterator[Sequence[Word]]:
    """The run in parts of at most ``longest`` seconds (a single word may be longer)."""
    begin = 0
    for index in range(1, len(run)):
        if index <= begin or run[index].end - run[begin].start <= rules.longest:
            continue
        cut = _best_cut(run, begin, index, rules)
        yield run[begin:cut]
        begin = cut
    if run:
        yield run[begin:]


def _best_cut(run: Sequence[Word], begin: int, index: int, rules: TurnRules) -> int:
    """Where to cut words ``begin`` to ``index``: the last good pause in the second half, else the longest pause."""
    middle = (run[begin].start + run[index].end) / 2
    late = [at for at in range(begin + 1, index + 1) if run[at].start >= middle] or [index]
    good = [at for at in late if _gap(run, at) >= rules.good_pause]
    return good[-1] if good else max(late, key=lambda at: _gap(run, at))


def _gap(words: Sequence[Word], index: int) -> float:
    """Silence before a word in seconds; negative if it overlaps the previous word."""
    return words[index].start - words[index - 1].end


def languages_of(words: Sequence[Word], recognition: Recognition) -> list[str]:
    """Per word, the language of the part that holds its middle, or of the last part before it."""
    starts = [part.span.start for part in recognition.parts]
    codes = [part.language for part in recognition.parts] or [recognition.language]
    return [codes[max(0, bisect_right(starts, word.middle) - 1)] for word in words]
