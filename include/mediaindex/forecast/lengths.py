"""How long files are that nobody has opened: seconds of audio a byte, learned from recordings of the same kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaindex.catalog.batches.planning import estimated_seconds
from mediaindex.catalog.forecasts.experience import Lengths

from .ranges import NOTHING, Range

ENOUGH = 5  # recordings of a kind, before what they say counts
GUESS = 3.0  # how many times longer or shorter a file may be where nothing was learned


@dataclass(frozen=True, slots=True)
class Rate:
    """Seconds of audio a byte of one kind of file; ``basis``: where from, ``files``: of how many."""

    seconds: Range
    basis: str
    files: int = 0


@dataclass(frozen=True, slots=True)
class Estimator:
    """The source's own recordings first, then everybody's, then a guess by the kind of file."""

    source: str
    own: dict[str, Rate]
    all: dict[str, Rate]

    def rate(self, suffix: str) -> Rate:
        """What is known of this kind of file."""
        guess = estimated_seconds(f"file{suffix}", 1)
        return (
            self.own.get(suffix)
            or self.all.get(suffix)
            or Rate(
                Range(guess / GUESS, guess, guess * GUESS),
                f"a guess by the kind of file, uncertain by a factor of {GUESS:g}",
            )
        )

    def seconds(self, sizes: Iterable[tuple[str, float]]) -> Range:
        """All the seconds in so many bytes of each kind."""
        return sum((self.rate(suffix).seconds * size for suffix, size in sizes), NOTHING)


def learn(source: str, own: Iterable[Lengths], everybody: Iterable[Lengths]) -> Estimator:
    """From what the catalog knows of the source, and of all."""
    return Estimator(source, _rates(own, f"recordings of {source}"), _rates(everybody, "recordings of all sources"))


def _rates(known: Iterable[Lengths], whose: str) -> dict[str, Rate]:
    return {
        one.suffix: Rate(Range.around(one.seconds / one.bytes, one.low, one.high), f"{one.files:,} {whose}", one.files)
        for one in known
        if one.files >= ENOUGH and one.bytes > 0
    }
