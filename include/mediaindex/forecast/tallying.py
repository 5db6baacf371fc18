"""Counting what lies under a backfill's prefixes, a page at a time: what is known, what is new, how large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mediaindex.catalog.batches.planning import Unplanned, groups
from mediaindex.catalog.forecasts import experience
from mediaindex.config.sources import Source
from mediaindex.contract.states import ObjectState
from mediaindex.storage import media
from mediaindex.storage.objects import ObjectVersion

from .places import Places, Span

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection

NEW = "new"
Watch = Callable[[int], None]


@dataclass(slots=True)
class Tally:
    """Files by state (``new``: the ledger does not have them), seconds of those whose length is known, bytes by state
    and kind of the others; ``largest``: the largest new one of each kind. ``outside``: wanted, but of other days."""

    files: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    largest: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    listed: int = 0
    outside: int = 0

    def sizes(self, state: str) -> list[tuple[str, float]]:
        """Bytes of unknown length in this state, by kind."""
        return [(suffix, size) for (of, suffix), size in self.bytes.items() if of == state]

    def add(self, one: ObjectVersion, state: str, seconds: float | None) -> None:
        """Count an object."""
        self.files[state] += 1
        suffix = PurePosixPath(one.key).suffix.lower()
        if seconds is not None:
            self.seconds[state] += seconds  # type: ignore[assignment]  # a counter of seconds
        else:
            self.bytes[state, suffix] += one.size
        if state == NEW:
            self.largest[suffix] = max(self.largest.get(suffix, 0), one.size)


def tally(conn: Connection, client: S3Client, source: Source, places: Places, wanted: Span, watch: Watch) -> Tally:
    """List all of it. ``watch`` hears after each page how many objects were listed so far. Writes nothing."""
    found = Tally()
    for prefix in places.prefixes:
        dates = None if places.by_date else wanted
        new = _new(conn, client, source, prefix, dates, found, watch)
        # As discovery will plan them, each interval's by themselves.
        found.batches += sum(1 for _ in groups(new, source.batch_seconds, source.batch_items))
    return found


def _new(
    conn: Connection, client: S3Client, source: Source, prefix: str, dates: Span | None, found: Tally, watch: Watch
) -> Iterator[Unplanned]:
    """The new ones, as planning needs them; all are counted on the way."""
    for page in media.pages(client, source.bucket, prefix):
        found.listed += len(page)
        wanted = [one for one in page if "\x00" not in one.key and source.wants(one.key)]
        inside = [one for one in wanted if dates is None or dates.first <= one.last_modified <= dates.last]
        found.outside += len(wanted) - len(inside)
        known = experience.states(conn, inside) if inside else {}
        for number, one in enumerate(inside):
            state, seconds = known.get(number, (ObjectState.GONE, None))
            # What is gone from the ledger and lies there again is claimed again.
            if state == ObjectState.GONE:
                state, seconds = NEW, None
            found.add(one, state, seconds)
            if state == NEW:
                yield Unplanned(0, one.key, one.size)
        watch(found.listed)
