"""What the items of a job share: store, engines, locks, and what is known about S3."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from mediaindex.errors import ErrorCode, TransientError

from .binding import Binding
from .outage import Outage

if TYPE_CHECKING:
    from mediaindex.contract.artifacts import ArtifactStore

    from .engines import Engines


@dataclass(slots=True)
class JobContext:
    """The shared state of a job. ``folder``: for temporary files."""

    store: ArtifactStore
    engines: Engines
    folder: Path
    settings: Any
    bindings: Mapping[str, Binding]
    outage: Outage
    # One lock per computation: a second copy of the same audio waits for the first result instead of repeating it.
    locks: defaultdict[tuple[str, str], Lock] = field(default_factory=lambda: defaultdict(Lock))
    cancelled: Event = field(default_factory=Event)

    def check_cancelled(self) -> None:
        """Raise TransientError (given_up) if the job has failed or was interrupted."""
        if self.cancelled.is_set():
            raise TransientError(
                "the job ended before this recording was done; it is tried again", code=ErrorCode.GIVEN_UP
            )
