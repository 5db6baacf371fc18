"""Whether Elasticsearch holds what the catalog says: both walked in order of recording, nothing kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice

from mediaindex.catalog.transcripts import verification
from mediaindex.catalog.transcripts.verification import Expected
from mediaindex.search.contents import Found, contents

from .stores import Stores

REMEDIES = {
    "due": "publish_outbox brings it there; where Elasticsearch refuses it: mediaindex reindex, or the reason mended",
    "missing_documents": "mediaindex verify --repair",
    "surplus_documents": "mediaindex verify --repair",
    "wrong_version": "mediaindex verify --repair",
    "wrong_count": "mediaindex verify --repair",
    "unknown_recording": "mediaindex verify --repair",
    "no_transcript": "mediaindex ledger requeue",
    "missing_object": "put it back into the bucket, or let the ledger know: mediaindex erase",
    "erased_object": "mediaindex erase; or it was uploaded again and the next listing takes it",
    "erased_artifacts": "a run wrote them after the erasure: mediaindex erase the object again",
    "orphan_artifacts": "of no recording in the catalog: delete the folder if no other catalog writes to this bucket",
    "erasure_open": "mediaindex erase --resume",
}
REPAIRABLE = frozenset({"missing_documents", "surplus_documents", "wrong_version", "wrong_count", "unknown_recording"})


@dataclass(frozen=True, slots=True)
class Difference:
    """``kind`` is a key of REMEDIES; ``subject`` an audio's hash, an object's address or a receipt's number."""

    kind: str
    subject: str
    detail: str

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.kind]


CONFIRMED = 500  # suspects looked at once more in one go


def differences(stores: Stores) -> Iterator[Difference]:
    """Each recording whose documents are not what they should be.

    Publications go on during the walk, so what differs is looked at again on both sides before it is told.
    """
    walked = _compared(verification.expected_documents(stores.conn), contents(stores.search, stores.indexes))
    suspects = (one.subject for one in walked)
    while audios := list(islice(suspects, CONFIRMED)):
        expected = verification.expected_documents(stores.conn, audios)
        # Elasticsearch after the catalog: what was published in between is then there.
        yield from _compared(list(expected), contents(stores.search, stores.indexes, audios))


def judge(expected: Expected | None, found: Found | None) -> Difference | None:
    """The difference between the two sides of one recording, the gravest first."""
    if expected is None:
        assert found is not None  # noqa: S101  # one of the two sides named the recording
        detail = f"{found.turns} turns of a recording that the catalog does not know"
        return Difference("unknown_recording", found.audio_sha256, detail)
    if expected.due:
        said = f", refused {expected.attempts} times: {expected.last_error}" if expected.last_error else ""
        return Difference("due", expected.audio_sha256, f"in the outbox{said}")
    if expected.transcript_id is None:
        return _of_nothing(expected, found)
    return _of_transcript(expected, found)


def _of_nothing(expected: Expected, found: Found | None) -> Difference | None:
    if found is None:
        return None
    detail = f"{found.turns} turns, and no current transcript"
    return Difference("surplus_documents", expected.audio_sha256, detail)


def _of_transcript(expected: Expected, found: Found | None) -> Difference | None:
    audio = expected.audio_sha256
    if found is None:
        return Difference("missing_documents", audio, f"none of the recording and its {expected.turns} turns")
    if found.revision is None:
        return Difference("missing_documents", audio, "its turns are there, its own document is not")
    versions = {found.revision, *({found.lowest, found.highest} if found.turns else ())}
    if versions != {expected.version} or found.transcript_id != expected.transcript_id:
        there = ", ".join(str(one) for one in sorted(versions, key=str))
        return Difference("wrong_version", audio, f"version {there} instead of {expected.version}")
    if found.turns != expected.turns:
        kind = "missing_documents" if found.turns < (expected.turns or 0) else "surplus_documents"
        return Difference(kind, audio, f"{found.turns} turns instead of {expected.turns}")
    if found.said_turns != expected.turns:
        return Difference("wrong_count", audio, f"says {found.said_turns} turns instead of {expected.turns}")
    return None


def _compared(expected: Iterable[Expected], found: Iterable[Found]) -> Iterator[Difference]:
    both: Iterator[Expected | Found] = merge(expected, found, key=lambda one: one.audio_sha256)
    for _, parts in groupby(both, key=lambda one: one.audio_sha256):
        sides = list(parts)
        difference = judge(
            next((one for one in sides if isinstance(one, Expected)), None),
            next((one for one in sides if isinstance(one, Found)), None),
        )
        if difference is not None:
            yield difference
