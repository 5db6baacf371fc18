"""What the items of a job share: store, engines, locks, and the state of the connection to S3."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from mediaindex.errors import ErrorCode, TransientError

from .binding import Binding

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore

    from .engines import Engines

# Codes of ``storage.errors`` for failures of S3 itself. Each of these errors comes after retries that take minutes.
S3_OUTAGE = frozenset({ErrorCode.S3_UNREACHABLE, ErrorCode.S3_BUSY, ErrorCode.S3_SLOW})
OUTAGE_AFTER = 3  # recordings that fail in a row


@dataclass(slots=True)
class Outage:
    """Detects an outage of S3, so that the rest of the batch is skipped instead of running into every timeout.

    Shared by the threads of a job.
    """

    _failures: list[TransientError] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def check(self, name: str) -> None:
        """Raise TransientError if S3 failed for the last ``OUTAGE_AFTER`` recordings; ``name``: the next recording."""
        with self._lock:
            if len(self._failures) >= OUTAGE_AFTER:
                last = self._failures[-1]
                raise TransientError(
                    f"{name}: skipped: S3 failed for {len(self._failures)} recordings in a row; the last error: "
                    f"{last.message}",
                    code=last.code,
                )

    def note(self, error: Exception | None) -> None:
        """Record the outcome of an item: its error, or None if it succeeded."""
        with self._lock:
            if isinstance(error, TransientError) and error.code in S3_OUTAGE:
                self._failures.append(error)
            elif error is None:
                self._failures.clear()


@dataclass(slots=True)
class JobContext:
    """The shared state of a job. ``folder``: for temporary files."""

    store: ArtifactStore
    engines: Engines
    folder: Path
    settings: Any
    bindings: Mapping[str, Binding]
    # One lock per computation: a second copy of the same audio waits for the first result instead of repeating it.
    locks: defaultdict[tuple[str, str], Lock] = field(default_factory=lambda: defaultdict(Lock))
    outage: Outage = field(default_factory=Outage)
    cancelled: Event = field(default_factory=Event)

    def check_cancelled(self) -> None:
        """Raise TransientError (given_up) if the job has failed or was interrupted."""
        if self.cancelled.is_set():
            raise TransientError(
                "the job ended before this recording was done; it is tried again", code=ErrorCode.GIVEN_UP
            )
