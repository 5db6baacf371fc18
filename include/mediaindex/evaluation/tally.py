"""A ratio that can be added up over files: word errors over words, seconds wrong over seconds spoken."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict


class Tally(BaseModel):
    """``part`` of ``whole``; both add up over files, so that long files weigh more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: float
    whole: float

    @property
    def value(self) -> float | None:
        """The ratio; None where there was nothing to be wrong about."""
        return self.part / self.whole if self.whole else None


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them as one."""
    parts = [(tally.part, tally.whole) for tally in tallies]
    return Tally(part=sum(part for part, _ in parts), whole=sum(whole for _, whole in parts))
