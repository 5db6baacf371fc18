"""Tell an outage of S3, which ends a batch early, from objects that S3 does not return, which hold up no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from mediaindex.contract.job import FolderStore, JobItem, ObjectSource, S3Store
from mediaindex.errors import ErrorCode, TransientError

if TYPE_CHECKING:
    from mediaindex.storage.probes import Reach

# Codes of ``storage.errors`` for failures of S3 itself. Each of these errors comes after retries that take minutes.
S3_OUTAGE = frozenset({ErrorCode.S3_UNREACHABLE, ErrorCode.S3_BUSY, ErrorCode.S3_SLOW})
OUTAGE_AFTER = 3  # recordings that fail in a row, after which S3 is asked before each other one
MOST_FAILURES = 6  # recordings that fail in a row although S3 answered before them


@dataclass(slots=True)
class Outage:
    """Keeps a batch from running into every timeout of S3. Shared by the threads of a job.

    After several failures in a row, single requests show what S3 answers before each further recording: all that it
    needs, then it is processed; others, then it alone is skipped; nothing, then the rest of the batch is skipped.
    """

    ask: Callable[[JobItem], Reach]
    _failures: list[TransientError] = field(default_factory=list)
    _away: bool = False
    _lock: Lock = field(default_factory=Lock)

    def check(self, item: JobItem) -> None:
        """Raise TransientError if the next recording is to be skipped."""
        from mediaindex.storage.probes import Reach

        with self._lock:
            failures, away = tuple(self._failures), self._away
        if len(failures) < OUTAGE_AFTER:
            return
        told = f"S3 failed for {len(failures)} recordings in a row; the last error: {failures[-1].message}"
        if not away and len(failures) < MOST_FAILURES:
            reach = self.ask(item)
            if reach is Reach.OBJECT:
                return
            if reach is Reach.BUCKET:
                raise TransientError(f"{item.name}: skipped: S3 does not return it now; {told}", code=failures[-1].code)
            with self._lock:
                self._away = bool(self._failures)
        raise TransientError(f"{item.name}: skipped: {told}", code=failures[-1].code)

    def note(self, error: Exception | None) -> None:
        """Record the outcome of an item: its error, or None if it succeeded."""
        with self._lock:
            if isinstance(error, TransientError) and error.code in S3_OUTAGE:
                self._failures.append(error)
            elif error is None:
                self._failures.clear()
                self._away = False


def reach_of(store: S3Store | FolderStore, item: JobItem, *, reads_source: bool) -> Reach:
    """What S3 answers at the first try: for the recording itself, if the stage reads it, and for the artifacts."""
    from mediaindex.storage.probes import Reach, reach

    if isinstance(store, S3Store) and reach(store.endpoint_url, store.bucket) is Reach.NOTHING:
        return Reach.NOTHING
    if reads_source and isinstance(item.source, ObjectSource):
        return reach(None, item.source.bucket, item.source.key)
    return Reach.OBJECT
