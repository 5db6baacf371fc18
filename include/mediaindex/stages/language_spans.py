"""Find changes of language: from the probabilities of each stretch of speech to few, steady spans.

Pure functions; times in seconds of decoded audio.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mediaindex.timeline import Span

from .chunks import FindCut

SHORTEST = 3.0  # s: a shorter stretch joins a neighbour, because the language of less speech is a guess
ALONE = 1.5  # s: a longer stretch does not join a neighbour over a pause between turns
TURN_PAUSE = 0.7  # s: a pause between turns; few pauses inside a sentence are longer
LONGEST = 15.0  # s: longer stretches are cut
MAX_PAUSE = 2.0  # s: the longest pause inside a stretch
# One stretch counts at most 10,000:1 against a language: identifiers are confident about music and laughter too.
LEAST = 1e-4
# P(the next stretch is in the same language). On recordings composed of seven languages and English, 0.6 to 0.8 find
# every turn, and find no other language in recordings in English alone.
STAY = 0.7
CANDIDATE = 0.5  # P from which a stretch makes a language a candidate


@dataclass(frozen=True, slots=True)
class Stretch:
    """A few seconds of speech and P(language) by code."""

    span: Span
    probabilities: Mapping[str, float]

    @property
    def weight(self) -> float:
        """Weight as evidence: 1 from ``SHORTEST`` seconds on, proportionally less below."""
        return min(1.0, self.span.duration / SHORTEST)


def stretches(speech: Iterable[Span], find_cut: FindCut) -> list[Span]:
    """Speech in stretches of some seconds, from pause to pause; without a pause, cut at the place from ``find_cut``.

    A stretch that is too short to judge joins the neighbour over the shorter pause: languages change at changes of
    turn, where pauses are longer.
    """
    pieces = [piece for span in speech for piece in _cut(span, find_cut)]
    pauses = [math.inf, *(after.start - before.end for before, after in itertools.pairwise(pieces)), math.inf]
    joined: list[Span] = []
    too_short = False
    for piece, before, after in zip(pieces, pauses, pauses[1:], strict=False):
        joins = too_short or (piece.duration < SHORTEST and before <= after)
        shorter = min(piece.duration, joined[-1].duration) if joined else 0.0
        near = before <= (MAX_PAUSE if shorter < ALONE else TURN_PAUSE)
        if joined and joins and near and piece.end - joined[-1].start <= LONGEST:
            joined[-1] = Span(joined[-1].start, piece.end)
        else:
            joined.append(piece)
        too_short = joined[-1].duration < SHORTEST
    return joined


def _cut(span: Span, find_cut: FindCut) -> Iterator[Span]:
    start = span.start
    while span.end - start > LONGEST:
        at = find_cut(start + LONGEST / 2, start + LONGEST)
        yield Span(start, at)
        start = at
    yield Span(start, span.end)


def steady(sequence: Sequence[Stretch]) -> list[str]:
    """The language of each stretch: the most probable path through all of them (Viterbi).

    The prior at each change is the mixture of the whole recording. A single outlier among many stretches, which is far
    more often an error than a sentence in another language, is therefore accepted only with support from neighbours.
    """
    mixture = _mixture(sequence)
    codes = sorted(mixture, key=lambda code: -mixture[code])
    scores = {code: math.log(mixture[code]) for code in codes}
    steps_back: list[dict[str, str]] = []
    for number, stretch in enumerate(sequence):
        step_back: dict[str, str] = {}
        reached: dict[str, float] = {}
        for code in codes:
            change = math.log((1 - STAY) * mixture[code])
            stay = math.log(STAY + (1 - STAY) * mixture[code])
            steps = {before: scores[before] + (stay if before == code else change) for before in codes}
            step_back[code] = max(codes, key=lambda before: steps[before]) if number else code
            start = steps[step_back[code]] if number else scores[code]
            reached[code] = start + stretch.weight * math.log(max(stretch.probabilities.get(code, 0.0), LEAST))
        steps_back.append(step_back)
        scores = reached
    return _path(steps_back, max(codes, key=lambda code: scores[code]))


def _path(steps_back: Sequence[Mapping[str, str]], last: str) -> list[str]:
    backwards = [last]
    for step_back in reversed(steps_back[1:]):
        backwards.append(step_back[backwards[-1]])
    return backwards[::-1]


def _mixture(sequence: Sequence[Stretch]) -> dict[str, float]:
    """P(language) over the seconds of the recording, for the candidates of all stretches."""
    codes = {code for stretch in sequence for code, p in stretch.probabilities.items() if p >= CANDIDATE}
    codes = codes or {max(stretch.probabilities, key=stretch.probabilities.__getitem__) for stretch in sequence}
    seconds = {
        code: sum(s.span.duration * max(s.probabilities.get(code, 0.0), LEAST) for s in sequence) for code in codes
    }
    total = sum(seconds.values())
    return {code: value / total for code, value in seconds.items()}


def by_language(
    speech: Sequence[Span], languages: Sequence[tuple[Span, str]], otherwise: str
) -> list[tuple[str, list[Span]]]:
    """Speech in order by language: each entry is a language and its speech up to the next change of language.

    ``languages`` are in order; the change is in the middle between the end of one and the start of the next.
    """
    if not languages:
        return [(otherwise, list(speech))] if speech else []
    groups: list[tuple[str, list[Span]]] = []
    edges = [(a.end + b.start) / 2 for (a, _), (b, _) in itertools.pairwise(languages)]
    index = 0
    for span in speech:
        start = span.start
        while start < span.end:
            while index < len(edges) and edges[index] <= start:
                index += 1
            end = min(span.end, edges[index]) if index < len(edges) else span.end
            code = languages[index][1]
            if groups and groups[-1][0] == code:
                groups[-1][1].append(Span(start, end))
            else:
                groups.append((code, [Span(start, end)]))
            start = end
    return groups
