"""Who switches languages: from what each stretch of speech sounds like to few, steady spans.

Pure functions; times in seconds of decoded audio.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mediaindex.timeline import Span

from .chunks import FindCut

SHORTEST = 3.0  # s: what is shorter joins the neighbour over the shorter pause; a language is a guess on less
ALONE = 1.5  # s: what is longer joins nobody over a pause that speakers make between turns
TURN_PAUSE = 0.7  # s: such a pause; inside a sentence few are longer
LONGEST = 15.0  # s of one stretch; longer speech is cut
MAX_PAUSE = 2.0  # s: speech this far apart is not one stretch
# One stretch counts 10,000:1 against a language at most: identifiers are sure of nonsense, too (music, laughter).
LEAST = 1e-4
# P(the next stretch is in the same language): one lasts for some stretches of a few seconds. On recordings put together
# from seven languages and English, 0.6 to 0.8 find every turn, and leave those of English alone in English.
STAY = 0.7
CANDIDATE = 0.5  # P at which a stretch brings a language up


@dataclass(frozen=True, slots=True)
class Stretch:
    """A few seconds of speech and what they sound like."""

    span: Span
    probabilities: Mapping[str, float]

    @property
    def weight(self) -> float:
        """How much it says: less than ``SHORTEST`` seconds say less."""
        return min(1.0, self.span.duration / SHORTEST)


def stretches(speech: Iterable[Span], find_cut: FindCut) -> list[Span]:
    """Speech in stretches of some seconds, from pause to pause; without a pause, cut where ``find_cut`` says.

    What is too short to judge joins the neighbour over the shorter pause: languages change where turns change, and
    there people pause for longer.
    """
    pieces = [piece for span in speech for piece in _cut(span, find_cut)]
    pauses = [math.inf, *(other.start - one.end for one, other in itertools.pairwise(pieces)), math.inf]
    found: list[Span] = []
    wants_next = False
    for piece, before, after in zip(pieces, pauses, pauses[1:], strict=False):
        joins = wants_next or (piece.duration < SHORTEST and before <= after)
        shorter = min(piece.duration, found[-1].duration) if found else 0.0
        near = before <= (MAX_PAUSE if shorter < ALONE else TURN_PAUSE)
        if found and joins and near and piece.end - found[-1].start <= LONGEST:
            found[-1] = Span(found[-1].start, piece.end)
        else:
            found.append(piece)
        wants_next = found[-1].duration < SHORTEST
    return found


def _cut(span: Span, find_cut: FindCut) -> Iterator[Span]:
    start = span.start
    while span.end - start > LONGEST:
        at = find_cut(start + LONGEST / 2, start + LONGEST)
        yield Span(start, at)
        start = at
    yield Span(start, span.end)


def steady(heard: Sequence[Stretch]) -> list[str]:
    """The language of each stretch: the likeliest way through all of them (Viterbi).

    The recording's own mixture is the prior wherever the language may change, so that one odd stretch among many, which
    is far more often an error than a sentence in another language, needs others beside it to be believed.
    """
    mixture = _mixture(heard)
    codes = sorted(mixture, key=lambda code: -mixture[code])
    scores = {code: math.log(mixture[code]) for code in codes}
    ways: list[dict[str, str]] = []
    for number, stretch in enumerate(heard):
        way: dict[str, str] = {}
        reached: dict[str, float] = {}
        for code in codes:
            change = math.log((1 - STAY) * mixture[code])
            stay = math.log(STAY + (1 - STAY) * mixture[code])
            steps = {before: scores[before] + (stay if before == code else change) for before in codes}
            way[code] = max(codes, key=lambda before: steps[before]) if number else code
            start = steps[way[code]] if number else scores[code]
            reached[code] = start + stretch.weight * math.log(max(stretch.probabilities.get(code, 0.0), LEAST))
        ways.append(way)
        scores = reached
    return _back(ways, max(codes, key=lambda code: scores[code]))


def _back(ways: Sequence[Mapping[str, str]], last: str) -> list[str]:
    found = [last]
    for way in reversed(ways[1:]):
        found.append(way[found[-1]])
    return found[::-1]


def _mixture(heard: Sequence[Stretch]) -> dict[str, float]:
    """P(language) over the recording's seconds, of the languages that any stretch is sure of."""
    codes = {best for one in heard for best, p in one.probabilities.items() if p >= CANDIDATE}
    codes = codes or {max(one.probabilities, key=lambda code: one.probabilities[code]) for one in heard}
    seconds = {
        code: sum(one.span.duration * max(one.probabilities.get(code, 0.0), LEAST) for one in heard) for code in codes
    }
    total = sum(seconds.values())
    return {code: value / total for code, value in seconds.items()}


def by_language(
    speech: Sequence[Span], languages: Sequence[tuple[Span, str]], otherwise: str
) -> list[tuple[str, list[Span]]]:
    """Speech in order, shared out: each entry a language and the speech up to where the next language begins.

    ``languages`` are in order; between two of them the change is in the middle of what lies between.
    """
    if not languages:
        return [(otherwise, list(speech))] if speech else []
    found: list[tuple[str, list[Span]]] = []
    edges = [(a.end + b.start) / 2 for (a, _), (b, _) in itertools.pairwise(languages)]
    index = 0
    for span in speech:
        start = span.start
        while start < span.end:
            while index < len(edges) and edges[index] <= start:
                index += 1
            end = min(span.end, edges[index]) if index < len(edges) else span.end
            code = languages[index][1]
            if found and found[-1][0] == code:
                found[-1][1].append(Span(start, end))
            else:
                found.append((code, [Span(start, end)]))
            start = end
    return found
