"""From objects that somebody saw to claimed recordings: noted, looked at, and claimed once they are whole.

An object is first noted as seen, with what its key tells, and then claimed: a crash in between leaves it to the next
look, and whoever sees it too meets the same row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mediaindex.catalog.ledger import discovery, ledger
from mediaindex.catalog.ledger.discovery import Pause, Waiting
from mediaindex.config.sources import Source
from mediaindex.contract.states import Lane, ObjectState, SeenBy, StateReason
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.stages.media.process import printable
from mediaindex.storage import looks
from mediaindex.storage.objects import ObjectVersion

from . import readiness as gate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection

log = logging.getLogger(__name__)

LOOKS_AT_ONCE = 8  # requests; each waits for S3 most of its time


@dataclass(slots=True)
class Arrivals:
    """What became of a source's objects in one run; ``settling``: how many may be whole in a moment.

    ``lane``: for what is claimed, whoever plans it; None: the planner's.
    """

    conn: Connection
    client: S3Client
    source: Source
    seen_by: SeenBy
    lane: Lane | None = None
    claimed: int = 0
    settling: int = 0
    paused: int = 0
    restores: int = 0
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def wanted(self, page: Sequence[ObjectVersion]) -> list[ObjectVersion]:
        """Those that are the source's, and whose key the ledger can hold."""
        strange = [one for one in page if "\x00" in one.key]
        for one in strange:
            log.warning("%s: its key holds a NUL character and cannot be indexed; rename it", printable(one.key))
        return [one for one in page if one not in strange and self.source.wants(one.key)]

    def take(self, page: Iterable[ObjectVersion]) -> int:
        """Claim what of the page is wanted, new and whole; the rest of what is new waits. How many were claimed."""
        new = discovery.unknown(self.conn, self.wanted(list(page)))
        if not new:
            return 0
        told = [(one, self.source.told_by(one.key)) for one in new]
        discovery.note(self.conn, self.source.name, told, self.seen_by)
        return self._settle([(one, None) for one in new])

    def look_again(self) -> int:
        """Claim what had to wait and is whole now. How many."""
        claimed = 0
        for page in discovery.waiting(self.conn, self.source.name):
            with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
                now = list(pool.map(self._look, page))
            looked = list(zip(page, now, strict=True))
            claimed += self._settle(
                [(one, gate.Seen(was.waited_s, was.size)) for was, one in looked if one and one.etag == was.etag]
            )
            claimed += self.take([one for was, one in looked if one and one.etag != was.etag])
            self._forget([was for was, one in looked if one is None or one.etag != was.etag])
        return claimed

    def _look(self, was: Waiting) -> ObjectVersion | None:
        try:
            return looks.look(self.client, was.bucket, was.key)
        except TerminalError as error:
            if error.code == ErrorCode.S3_CREDENTIALS:
                raise
            log.warning("%s; it goes on waiting", error)
            unchanged = datetime.fromtimestamp(0, UTC)
            return ObjectVersion(was.bucket, was.key, was.etag, None, was.size, unchanged, "maybe")

    def _forget(self, replaced: Sequence[Waiting]) -> None:
        reason = "was replaced or removed before it could be claimed"
        for was in replaced:
            ledger.set_state(self.conn, was.id, ObjectState.GONE, code=StateReason.REMOVED, reason=reason)

    def _settle(self, objects: Sequence[tuple[ObjectVersion, gate.Seen | None]]) -> int:
        with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
            judged = list(pool.map(lambda one: self._judge(*one), objects))
        paused = [(one, self._ask_back(one, why)) for one, why in judged if why]
        if paused:
            discovery.let_wait(self.conn, paused)
        self.paused += len(paused)
        self.settling += sum(why.code == StateReason.SETTLING for _, why in paused)
        ready = [one for one, why in judged if why is None]
        claimed = ledger.claim(self.conn, self.source.name, ready, self.lane)
        for one in claimed:
            if one.size == 0:
                ledger.set_state(
                    self.conn,
                    one.id,
                    ObjectState.QUARANTINED,
                    code=ErrorCode.EMPTY,
                    reason="the object is empty: nothing was uploaded",
                )
        self.claimed += len(claimed)
        return len(claimed)

    def _judge(self, one: ObjectVersion, earlier: gate.Seen | None) -> tuple[ObjectVersion, Pause | None]:
        """The object as it is now, and why it has to wait, if so. Runs in a thread: no catalog here."""
        try:
            if one.archived == "maybe" and (found := looks.look(self.client, one.bucket, one.key)):
                one = replace(one, archived=found.archived) if found.etag == one.etag else one
            now = self.clock()
            why = gate.archived(one, self.source) or gate.settling(one, self.source, earlier, now)
            if why is None and gate.is_worth_opening(one, self.source, now):
                why = gate.unwritten(looks.first_bytes(self.client, one))
        except TerminalError as error:  # this object's alone: S3 lets us list it
            if error.code == ErrorCode.S3_CREDENTIALS:
                raise
            return one, gate.unreadable(error, self.source)
        return one, why

    def _ask_back(self, one: ObjectVersion, why: Pause) -> Pause:
        """A request to restore an archived object, as long as this run may make some."""
        archive = self.source.archive
        if why.code != StateReason.ARCHIVED or not archive.restore or self.restores >= archive.requests_a_run:
            return why
        try:
            looks.restore(self.client, one, days=archive.days, tier=archive.tier)
        except TerminalError as error:
            return Pause(StateReason.ARCHIVED, f"cannot be asked back from its archive: {error}", why.seconds)
        self.restores += 1
        return Pause(
            StateReason.RESTORING, f"asked back from its archive ({archive.tier}); it goes on by itself", why.seconds
        )
