"""Count the objects under a backfill's prefixes page by page: known and new ones, and their sizes."""

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

from .places import Places

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection

NEW = "new"
Watch = Callable[[int], None]


@dataclass(slots=True)
class Tally:
    """Files by state (``new``: not in the ledger), seconds of those with a known length, bytes of the others by state
    and suffix; ``largest``: size of the largest new file by suffix. ``outside``: selected files of other days."""

    files: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    largest: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    listed: int = 0
    outside: int = 0

    def sizes(self, state: str) -> list[tuple[str, float]]:
        """Bytes of the files of unknown length in this state, by suffix."""
        return [(suffix, size) for (of, suffix), size in self.bytes.items() if of == state]

    def add(self, listed: ObjectVersion, state: str, seconds: float | None) -> None:
        """Count an object; ``seconds``: its length if known."""
        self.files[state] += 1
        suffix = PurePosixPath(listed.key).suffix.lower()
        if seconds is not None:
            self.seconds[state] += seconds  # type: ignore[assignment]  # a counter of seconds
        else:
            self.bytes[state, suffix] += listed.size
        if state == NEW:
            self.largest[suffix] = max(self.largest.get(suffix, 0), listed.size)


def tally(conn: Connection, client: S3Client, source: Source, places: Places, watch: Watch) -> Tally:
    """List and count all objects. ``watch`` is called after each page with the number listed so far. Writes nothing."""
    counted = Tally()
    for prefix in places.prefixes:
        new = _new(conn, client, source, prefix, places, counted, watch)
        # As discovery plans them: batches per interval.
        counted.batches += sum(1 for _ in groups(new, source.batch_seconds, source.batch_items))
    return counted


def _new(
    conn: Connection, client: S3Client, source: Source, prefix: str, places: Places, counted: Tally, watch: Watch
) -> Iterator[Unplanned]:
    """Count all objects; yield the new ones as planning needs them."""
    for page in media.pages(client, source.bucket, prefix):
        counted.listed += len(page)
        wanted = [listed for listed in page if "\x00" not in listed.key and source.wants(listed.key)]
        inside = [listed for listed in wanted if places.takes(listed.last_modified)]
        counted.outside += len(wanted) - len(inside)
        known = experience.states(conn, inside) if inside else {}
        for number, listed in enumerate(inside):
            state, seconds = known.get(number, (ObjectState.GONE, None))
            # An object that is gone by the ledger but exists again is claimed again.
            if state == ObjectState.GONE:
                state, seconds = NEW, None
            counted.add(listed, state, seconds)
            if state == NEW:
                yield Unplanned(0, listed.key, listed.size)
        watch(counted.listed)
