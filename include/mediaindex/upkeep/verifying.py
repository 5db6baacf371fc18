"""Compare catalog, Elasticsearch and S3, and repair what is wrong in Elasticsearch.

Both sides of each comparison are read in the same order, so that memory is bounded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import chain, groupby, islice

from mediaindex.catalog.erasure import erasure
from mediaindex.catalog.transcripts import publications, verification
from mediaindex.catalog.transcripts.verification import Expected, LedgerObject
from mediaindex.errors import ConfigError, ErrorCode
from mediaindex.search.contents import IndexedRecording, contents
from mediaindex.search.publish import remove_unknown
from mediaindex.storage import deletions, looks, media
from mediaindex.storage.objects import ObjectVersion

from .erasing import Stores

REMEDIES = {
    "due": "publish_outbox publishes it; if Elasticsearch refuses it, correct the cause or run mediaindex reindex",
    "missing_documents": "mediaindex verify --repair",
    "surplus_documents": "mediaindex verify --repair",
    "wrong_version": "mediaindex verify --repair",
    "wrong_count": "mediaindex verify --repair",
    "unknown_recording": "mediaindex verify --repair",
    "no_transcript": "mediaindex ledger requeue",
    "missing_object": "restore the object in the bucket, or erase the recording: mediaindex erase",
    "unreadable_bucket": "create the bucket again or allow ListBucket; if it is gone for good, erase its recordings",
    "erased_object": "mediaindex erase; if it was uploaded again on purpose, the next listing claims it",
    "erased_artifacts": "a run wrote them after the erasure: run mediaindex erase for the object again",
    "orphan_artifacts": "no recording has them: delete the folder if no other catalog uses this bucket",
    "erasure_open": "mediaindex erase --resume",
}
REPAIRABLE = frozenset({"missing_documents", "surplus_documents", "wrong_version", "wrong_count", "unknown_recording"})
PAGE = 500  # recordings per repair, and suspects per second comparison
# A run writes artifacts before the catalog has the recording: newer ones may belong to a running run.
YOUNG = timedelta(hours=12)
# Every change passes the outbox, and publish_outbox empties it every two minutes: this is no difference yet.
PASSING_S = 600.0


@dataclass(frozen=True, slots=True)
class Difference:
    """``kind`` is a key of REMEDIES; ``subject`` the SHA-256 of an audio, the URL of an object or a receipt number."""

    kind: str
    subject: str
    detail: str

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.kind]


def verify(stores: Stores, *, storage: bool = True) -> Iterator[Difference]:
    """Every difference, as it is found. Without ``storage`` S3 is not compared.

    Raises TransientError if a server is unavailable.
    """
    checks = [document_differences(stores), _unfounded(stores), _open_erasures(stores)]
    if storage:
        checks += [object_differences(stores), artifact_differences(stores)]
    return chain.from_iterable(checks)


def repair(stores: Stores, differences: Iterable[Difference]) -> int:
    """Queue the recordings with wrong documents for publication; how many.

    Documents of recordings that the catalog does not have are deleted. Media and artifacts are not changed.
    """
    repaired = 0
    repairable = (difference for difference in differences if difference.kind in REPAIRABLE)
    while page := list(islice(repairable, PAGE)):
        unknown = [difference.subject for difference in page if difference.kind == "unknown_recording"]
        for audio in unknown:
            remove_unknown(stores.search, audio, stores.indexes)
        known = [difference.subject for difference in page if difference.kind != "unknown_recording"]
        repaired += len(unknown) + publications.requeue(stores.conn, known)
    return repaired


def document_differences(stores: Stores) -> Iterator[Difference]:
    """Each recording whose documents in Elasticsearch differ from the catalog.

    Publications continue meanwhile, so each difference is compared a second time before it is reported.
    """
    compared = _compared(verification.expected_documents(stores.conn), contents(stores.search, stores.indexes))
    suspects = (difference.subject for difference in compared)
    while audios := list(islice(suspects, PAGE)):
        expected = verification.expected_documents(stores.conn, audios)
        # Elasticsearch is read after the catalog, so that it has everything published in between.
        yield from _compared(list(expected), contents(stores.search, stores.indexes, audios))


def judge(expected: Expected | None, indexed: IndexedRecording | None) -> Difference | None:
    """The most serious difference of one recording; None if both sides agree. At least one side is given."""
    if expected is None:
        assert indexed is not None  # noqa: S101  # one of the two sides named the recording
        detail = f"{indexed.turns} turns of a recording that the catalog does not have"
        return Difference("unknown_recording", indexed.audio_sha256, detail)
    if expected.due and not expected.attempts and (expected.due_s or 0.0) < PASSING_S:
        return None
    if expected.due:
        error = f", refused {expected.attempts} times: {expected.last_error}" if expected.last_error else ""
        return Difference("due", expected.audio_sha256, f"in the outbox{error}")
    if expected.transcript_id is None:
        return _without_transcript(expected, indexed)
    return _with_transcript(expected, indexed)


def _without_transcript(expected: Expected, indexed: IndexedRecording | None) -> Difference | None:
    if indexed is None:
        return None
    detail = f"{indexed.turns} turns, but no current transcript"
    return Difference("surplus_documents", expected.audio_sha256, detail)


def _with_transcript(expected: Expected, indexed: IndexedRecording | None) -> Difference | None:
    audio = expected.audio_sha256
    if indexed is None:
        return Difference("missing_documents", audio, f"the recording and its {expected.turns} turns are missing")
    if indexed.revision is None:
        return Difference("missing_documents", audio, "the document of the recording is missing, its turns exist")
    versions = {indexed.revision, *({indexed.lowest, indexed.highest} if indexed.turns else ())}
    if versions != {expected.version} or indexed.transcript_id != expected.transcript_id:
        shown = ", ".join(str(version) for version in sorted(versions, key=str))
        return Difference("wrong_version", audio, f"version {shown} instead of {expected.version}")
    if indexed.turns != expected.turns:
        kind = "missing_documents" if indexed.turns < (expected.turns or 0) else "surplus_documents"
        return Difference(kind, audio, f"{indexed.turns} turns instead of {expected.turns}")
    if indexed.stated_turns != expected.turns:
        detail = f"its document states {indexed.stated_turns} turns instead of {expected.turns}"
        return Difference("wrong_count", audio, detail)
    return None


def _compared(expected: Iterable[Expected], indexed: Iterable[IndexedRecording]) -> Iterator[Difference]:
    both: Iterator[Expected | IndexedRecording] = merge(expected, indexed, key=lambda side: side.audio_sha256)
    for _, sides in groupby(both, key=lambda side: side.audio_sha256):
        pair = list(sides)
        difference = judge(
            next((side for side in pair if isinstance(side, Expected)), None),
            next((side for side in pair if isinstance(side, IndexedRecording)), None),
        )
        if difference is not None:
            yield difference


def _unfounded(stores: Stores) -> Iterator[Difference]:
    for item in verification.unfounded_objects(stores.conn):
        detail = f"media object {item.id} is indexed, but has no current transcript"
        yield Difference("no_transcript", f"s3://{item.bucket}/{item.key}", detail)


def _open_erasures(stores: Stores) -> Iterator[Difference]:
    for receipt in erasure.unfinished(stores.conn):
        yield Difference("erasure_open", str(receipt), "an erasure was started and is not finished")


def object_differences(stores: Stores) -> Iterator[Difference]:
    """Objects that the ledger needs and that are missing, and erased objects that exist.

    An object that is in a bucket but not in the ledger is no difference: the next listing claims it.
    """
    for bucket, first, last in verification.buckets(stores.conn):
        try:
            yield from _of_bucket(stores, bucket, os.path.commonprefix([first, last]))  # noqa: RUF071  # by character
        except ConfigError as error:  # of this bucket; the others are compared
            if error.code not in (ErrorCode.NO_BUCKET, ErrorCode.S3_REFUSED, ErrorCode.S3_NAME):
                raise
            yield Difference("unreadable_bucket", f"s3://{bucket}/", error.message)


def _of_bucket(stores: Stores, bucket: str, prefix: str) -> Iterator[Difference]:
    listed = media.list_objects(stores.s3, bucket, prefix)
    kept = verification.kept_objects(stores.conn, bucket)
    both: Iterator[LedgerObject | ObjectVersion] = merge(kept, listed, key=lambda side: side.key.encode())
    for _, sides in groupby(both, key=lambda side: side.key):
        yield from _of_key(stores, list(sides))


def _of_key(stores: Stores, sides: list[LedgerObject | ObjectVersion]) -> Iterator[Difference]:
    etags = {side.etag for side in sides if isinstance(side, ObjectVersion)}
    for side in sides:
        if not isinstance(side, LedgerObject):
            continue
        url = f"s3://{side.bucket}/{side.key}"
        if side.erased and side.etag in etags:
            yield Difference("erased_object", url, f"media object {side.id} was erased, but the object exists")
        # If another version exists, the next listing claims it. If the listing has none, only its order may differ.
        elif not side.erased and not etags and _is_missing(stores, side):
            yield Difference("missing_object", url, f"media object {side.id} is {side.state}, but the object is gone")


def _is_missing(stores: Stores, item: LedgerObject) -> bool:
    """Whether the object does not exist; one that S3 does not return exists."""
    now = looks.inspect(stores.s3, item.bucket, item.key)
    return now.version is None and now.refusal is None


def artifact_differences(stores: Stores, young: timedelta = YOUNG) -> Iterator[Difference]:
    """Artifacts of audio that the catalog does not have or that was erased, if they are older than ``young``."""
    place = (stores.artifacts_bucket, stores.artifacts_prefix)
    stored = ((audio, None) for audio in deletions.audios_with_artifacts(stores.s3, *place))
    known: Iterator[tuple[str, bool | None]] = verification.known_audios(stores.conn)
    both: Iterator[tuple[str, bool | None]] = merge(stored, known, key=lambda side: side[0])
    for audio, sides in groupby(both, key=lambda side: side[0]):
        erased = [is_erased for _, is_erased in sides]
        if None not in erased:
            continue
        url = f"s3://{place[0]}/{place[1]}/{audio}/"
        if True in erased:
            yield Difference("erased_artifacts", audio, f"{url} was written after its recording was erased")
        elif False not in erased and _is_old(stores, audio, young):
            yield Difference("orphan_artifacts", audio, f"{url} belongs to no recording")


def _is_old(stores: Stores, audio: str, young: timedelta) -> bool:
    newest = deletions.newest_artifact(stores.s3, stores.artifacts_bucket, audio, stores.artifacts_prefix)
    return newest is not None and newest < datetime.now(UTC) - young
