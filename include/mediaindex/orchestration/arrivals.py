"""From listed or announced objects to claimed recordings: recorded as seen, inspected, and claimed once complete.

An object is first recorded as seen, with the facts that its key contains, and then claimed. After a crash in between,
the next inspection claims it; another process that sees the same object finds the same row.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from mediaindex.catalog.ledger import discovery, ledger
from mediaindex.catalog.ledger.discovery import Pause, Waiting
from mediaindex.config.sources import Source
from mediaindex.contract.states import Lane, ObjectState, SeenBy, StateReason
from mediaindex.errors import ErrorCode, MediaindexError
from mediaindex.printable import logger, printable
from mediaindex.storage import looks
from mediaindex.storage.looks import Inspection
from mediaindex.storage.objects import ObjectVersion

from . import readiness
from .reads import Reads, UnreadableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from mediaindex.catalog import Connection

log = logger(__name__)

LOOKS_AT_ONCE = 8  # parallel requests; each mostly waits for S3
_REPLACED = StateReason.REMOVED, "was replaced or removed before it could be claimed"
_EXCLUDED = StateReason.EXCLUDED, "its source no longer includes it"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An object that may be claimed; ``earlier``: an earlier look at the same ETag, if it waited."""

    version: ObjectVersion
    earlier: readiness.Seen | None = None
    refusal: MediaindexError | None = None

    @classmethod
    def again(cls, was: Waiting, now: Inspection) -> _Candidate:
        assert now.version  # noqa: S101  # the caller selected objects that exist
        return cls(now.version, readiness.Seen(was.waited_s, was.size), now.refusal)


@dataclass(slots=True)
class Arrivals:
    """The objects of a source in one run, and counts of what happened to them.

    ``lane``: the lane of claimed objects; None for the lane of the run that plans them. ``settling``: the number of
    objects that may be complete within ``settle_seconds``. ``between``: only objects last modified from the one time
    until before the other, in a backfill of a source without a date in its prefix.
    """

    conn: Connection
    client: S3Client
    source: Source
    seen_by: SeenBy
    lane: Lane | None = None
    between: tuple[datetime, datetime] | None = None
    claimed: int = 0
    settling: int = 0
    paused: int = 0
    restores: int = 0
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _reads: Reads = field(init=False)

    def __post_init__(self) -> None:
        self._reads = Reads(self.client)

    def inspect(self, bucket: str, key: str) -> Inspection:
        """The object as it is now, or why it cannot be read. Raises errors that concern more than this object."""
        return self._reads.inspect(bucket, key)

    def wanted(self, page: Sequence[ObjectVersion]) -> list[ObjectVersion]:
        """The objects of the page that belong to the source and whose key the ledger can store."""
        unstorable = [version for version in page if "\x00" in version.key]
        for version in unstorable:
            log.warning("%s: the key contains a NUL character and cannot be indexed; rename it", printable(version.key))
        return [
            version
            for version in page
            if version not in unstorable and self.source.wants(version.key) and self._is_inside(version.last_modified)
        ]

    def _is_inside(self, moment: datetime) -> bool:
        return self.between is None or self.between[0] <= moment < self.between[1]

    def take(
        self, page: Iterable[ObjectVersion], refusals: Mapping[str, MediaindexError] = MappingProxyType({})
    ) -> int:
        """Claim the page's wanted objects that are new and complete; the other new ones wait. Returns the number.

        ``refusals``: by key, why S3 does not return an object; such an object waits.
        """
        new = discovery.renewed(self.conn, self.wanted(list(page)))
        if not new:
            return 0
        facts = [(version, self.source.facts_in(version.key)) for version in new]
        discovery.note(self.conn, self.source.name, facts, self.seen_by)
        return self._settle([_Candidate(version, refusal=refusals.get(version.key)) for version in new])

    def look_again(self) -> int:
        """Claim waiting objects that are complete now. Returns the number."""
        claimed = 0
        for page in discovery.waiting(self.conn, self.source.name):
            ours = [was for was in page if was.bucket == self.source.bucket and self.source.wants(was.key)]
            self._give_up([was for was in page if was not in ours], *_EXCLUDED)
            wanted = _shuffled([was for was in ours if self._is_inside(was.last_modified)])
            with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
                inspected = list(pool.map(lambda was: self._reads.inspect(was.bucket, was.key), wanted))
            self._reads.restart()
            looked = list(zip(wanted, map(_as_it_is, wanted, inspected), strict=True))
            unchanged = [(was, now) for was, now in looked if now.version and now.version.etag == was.etag]
            replaced = [(was, now) for was, now in looked if now.version is None or now.version.etag != was.etag]
            claimed += self._settle([_Candidate.again(was, now) for was, now in unchanged])
            claimed += self.take_inspected(now for _, now in replaced)
            self._give_up([was for was, _ in replaced], *_REPLACED)
        return claimed

    def take_inspected(self, inspected: Iterable[Inspection]) -> int:
        """``take`` for objects that were inspected one by one."""
        present = [(now.version, now.refusal) for now in inspected if now.version]
        refusals = {version.key: refusal for version, refusal in present if refusal}
        return self.take([version for version, _ in present], refusals)

    def _give_up(self, objects: Sequence[Waiting], code: StateReason, reason: str) -> None:
        for was in objects:
            ledger.set_state(self.conn, was.id, ObjectState.GONE, code=code, reason=reason)

    def _settle(self, objects: Sequence[_Candidate]) -> int:
        with ThreadPoolExecutor(LOOKS_AT_ONCE) as pool:
            judged = list(pool.map(self._judge, _shuffled(objects)))
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

    def _judge(self, candidate: _Candidate) -> tuple[ObjectVersion, Pause | None]:
        """The object's present version, and why it has to wait; None if it is ready.

        Runs in a thread, so it must not use the catalog's connection.
        """
        version, now = candidate.version, self.clock()
        if candidate.refusal:
            return version, readiness.unreadable(candidate.refusal, self.source)
        try:
            if version.archived == "maybe":
                present = self._read(version, looks.look, version.bucket, version.key)
                if present and present.etag == version.etag:
                    version = replace(version, archived=present.archived)
            pause = readiness.archived(version, self.source)
            pause = pause or readiness.settling(version, self.source, candidate.earlier, now)
            if pause is None and readiness.is_worth_opening(version, self.source, now):
                pause = readiness.unwritten(self._read(version, looks.first_bytes, version))
        except UnreadableError as error:
            return version, readiness.unreadable(error.refusal, self.source)
        return version, pause

    def _read(self, version: ObjectVersion, request: Callable[..., T], *arguments: Any) -> T:
        return self._reads.read(version.bucket, version.key, lambda: request(self.client, *arguments))

    def _restored(self, version: ObjectVersion, pause: Pause) -> Pause:
        """The pause after a request to restore the object, if it is archived and this run may request more."""
        archive = self.source.archive
        if pause.code != StateReason.ARCHIVED or not archive.restore or self.restores >= archive.requests_a_run:
            return pause
        try:
            self._read(version, partial(looks.restore, days=archive.days, tier=archive.tier), version)
        except UnreadableError as error:
            return Pause(StateReason.ARCHIVED, f"cannot be restored from its archive: {error}", pause.seconds)
        self.restores += 1
        reason = f"restore requested (tier {archive.tier}); indexed once it is restored"
        return Pause(StateReason.RESTORING, reason, pause.seconds)


def _shuffled(objects: Sequence[T]) -> list[T]:
    """In random order: after many that S3 does not return the rest is not read, and they must not always be first."""
    return random.sample(objects, len(objects))


def _as_it_is(was: Waiting, now: Inspection) -> Inspection:
    """The inspection of a waiting object; if nothing is known about it, the version that is in the ledger."""
    if now.version or not now.refusal:
        return now
    version = ObjectVersion(was.bucket, was.key, was.etag, None, was.size, was.last_modified)
    return Inspection(version, now.refusal)
