"""S3 went away in the middle of a job: the recordings that were not begun are not tried one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from mediaindex.errors import ErrorCode, TransientError

# What storage.errors says where S3 itself is at fault. Each of them has had its retries, which take minutes.
CODES = frozenset({ErrorCode.S3_UNREACHABLE, ErrorCode.S3_BUSY, ErrorCode.S3_SLOW})
ENOUGH = 3  # recordings in a row


@dataclass(slots=True)
class Outage:
    """Shared by the threads of a job. Without it a batch of fifty would seem stuck, and its recordings be blamed."""

    _row: list[TransientError] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def check(self, name: str) -> None:
        """Raise TransientError where S3 has failed for so many in a row."""
        with self._lock:
            if len(self._row) >= ENOUGH:
                last = self._row[-1]
                raise TransientError(
                    f"{name}: not tried, for S3 failed for {len(self._row)} recordings in a row; the last: "
                    f"{last.message}",
                    code=last.code,
                )

    def note(self, error: Exception | None) -> None:
        """How one that was tried has ended: by this error, or well."""
        with self._lock:
            if isinstance(error, TransientError) and error.code in CODES:
                self._row.append(error)
            elif error is None:
                self._row.clear()
