"""Estimate the length of unread files: seconds of audio per byte, learned from recordings of the same file type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaindex.catalog.batches.lengths import estimated_seconds
from mediaindex.catalog.forecasts.experience import Lengths

from .ranges import NOTHING, Range

ENOUGH = 5  # recordings of a file type that are needed to learn its rate
GUESS = 3.0  # how many times longer or shorter a file may be if no rate was learned


@dataclass(frozen=True, slots=True)
class Rate:
    """Seconds of audio per byte of one file type, learned from ``files`` recordings; ``basis`` describes them."""

    seconds: Range
    basis: str
    files: int = 0


@dataclass(frozen=True, slots=True)
class Estimator:
    """Rates by file type: of the source if known, else of all sources, else a default of the file type."""

    source: str
    own: dict[str, Rate]
    all: dict[str, Rate]

    def rate(self, suffix: str) -> Rate:
        """The best known rate of this file type."""
        guess = estimated_seconds(f"file{suffix}", 1)
        return (
            self.own.get(suffix)
            or self.all.get(suffix)
            or Rate(
                Range(guess / GUESS, guess, guess * GUESS),
                f"an estimate by file type, uncertain by a factor of {GUESS:g}",
            )
        )

    def seconds(self, sizes: Iterable[tuple[str, float]]) -> Range:
        """Seconds of audio in files of these types and sizes in bytes."""
        return sum((self.rate(suffix).seconds * size for suffix, size in sizes), NOTHING)


def learn(source: str, own: Iterable[Lengths], all_sources: Iterable[Lengths]) -> Estimator:
    """Learn rates from the recordings of the source and of all sources."""
    return Estimator(source, _rates(own, f"recordings of {source}"), _rates(all_sources, "recordings of all sources"))


def _rates(known: Iterable[Lengths], whose: str) -> dict[str, Rate]:
    return {
        kind.suffix: Rate(
            Range.around(kind.seconds / kind.bytes, kind.low, kind.high), f"{kind.files:,} {whose}", kind.files
        )
        for kind in known
        if kind.files >= ENOUGH and kind.bytes > 0
    }
