"""From listed or announced objects to claimed recordings: recorded as seen, inspected, and claimed once complete.

An object is first recorded as seen, with the facts that its key contains, and then claimed. After a crash in between,
the next inspection claims it; another process that sees the same object finds the same row.
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

from . import readiness

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection

log = logging.getLogger(__name__)

LOOKS_AT_ONCE = 8  # parallel requests; each mostly waits for S3


@dataclass(slots=True)
class Arrivals:
    """The objects of a source in one run, and counts of what happened to them.

    ``lane``: the lane of claimed objects; None for the lane of the run that plans them. ``settling``: the number of
    objects that may be complete within ``settle_seconds``.
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
        """The objects of the page that belong to the source and whose key the ledger can store."""
        unstorable = [version for version in page if "\x00" in version.key]
        for version in unstorable:
            log.warning("%s: the key contains a NUL character and cannot be indexed; rename it", printable(version.key))
        return [version for version in page if version not in unstorable and self.source.wants(version.key)]

    def take(self, page: Iterable[ObjectVersion]) -> int:
        """Claim the page's wanted objects that are new and complete; the other new ones wait. Returns the number."""
        new = discovery.unknown(self.conn, self.wanted(list(page)))
        if not new:
            return 0
        facts = [(version, self.source.facts_in(version.key)) for version in new]
        discovery.note(self.conn, self.source.name, facts, self.seen_by)
        return self._settle([(version, None) for version in new])

    def look_again(self) -> int:
        """Claim waiting objects that are complete now. Returns the number."""
        claimed = 0
        for page in discovery.waiting(self.conn, self.source.name):
            with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
                looked = list(zip(page, pool.map(self._look, page), strict=True))
            unchanged = [(was, now) for was, now in looked if now and now.etag == was.etag]
            claimed += self._settle([(now, readiness.Seen(was.waited_s, was.size)) for was, now in unchanged])
            claimed += self.take([now for was, now in looked if now and now.etag != was.etag])
            self._forget([was for was, now in looked if now is None or now.etag != was.etag])
        return claimed

    def _look(self, was: Waiting) -> ObjectVersion | None:
        try:
            return looks.look(self.client, was.bucket, was.key)
        except TerminalError as error:
            if error.code == ErrorCode.S3_CREDENTIALS:
                raise
            log.warning("%s; the object keeps waiting", error)
            unchanged = datetime.fromtimestamp(0, UTC)
            return ObjectVersion(was.bucket, was.key, was.etag, None, was.size, unchanged, "maybe")

    def _forget(self, replaced: Sequence[Waiting]) -> None:
        reason = "was replaced or removed before it could be claimed"
        for was in replaced:
            ledger.set_state(self.conn, was.id, ObjectState.GONE, code=StateReason.REMOVED, reason=reason)

    def _settle(self, objects: Sequence[tuple[ObjectVersion, readiness.Seen | None]]) -> int:
        with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
            judged = list(pool.map(lambda pair: self._judge(*pair), objects))
        paused = [(version, self._restored(version, pause)) for version, pause in judged if pause]
        if paused:
            discovery.let_wait(self.conn, paused)
        self.paused += len(paused)
        self.settling += sum(pause.code == StateReason.SETTLING for _, pause in paused)
        ready = [version for version, pause in judged if pause is None]
        claimed = ledger.claim(self.conn, self.source.name, ready, self.lane)
        for media_object in claimed:
            if media_object.size == 0:
                ledger.set_state(
                    self.conn,
                    media_object.id,
                    ObjectState.QUARANTINED,
                    code=ErrorCode.EMPTY,
                    reason="the object is empty; upload it again",
                )
        self.claimed += len(claimed)
        return len(claimed)

    def _judge(self, version: ObjectVersion, earlier: readiness.Seen | None) -> tuple[ObjectVersion, Pause | None]:
        """The object's present version, and why it has to wait; None if it is ready.

        Runs in a thread, so it must not use the catalog's connection.
        """
        try:
            if version.archived == "maybe" and (present := looks.look(self.client, version.bucket, version.key)):
                version = replace(version, archived=present.archived) if present.etag == version.etag else version
            now = self.clock()
            pause = readiness.archived(version, self.source) or readiness.settling(version, self.source, earlier, now)
            if pause is None and readiness.is_worth_opening(version, self.source, now):
                pause = readiness.unwritten(looks.first_bytes(self.client, version))
        except TerminalError as error:  # concerns this object alone: the listing was allowed
            if error.code == ErrorCode.S3_CREDENTIALS:
                raise
            return version, readiness.unreadable(error, self.source)
        return version, pause

    def _restored(self, version: ObjectVersion, pause: Pause) -> Pause:
        """The pause after a request to restore the object, if it is archived and this run may request more."""
        archive = self.source.archive
        if pause.code != StateReason.ARCHIVED or not archive.restore or self.restores >= archive.requests_a_run:
            return pause
        try:
            looks.restore(self.client, version, days=archive.days, tier=archive.tier)
        except TerminalError as error:
            return Pause(StateReason.ARCHIVED, f"cannot be restored from its archive: {error}", pause.seconds)
        self.restores += 1
        reason = f"restore requested (tier {archive.tier}); indexed once it is restored"
        return Pause(StateReason.RESTORING, reason, pause.seconds)
