"""What a comparison may find, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass

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
