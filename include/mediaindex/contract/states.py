"""Enumerations of the states, kinds and reasons that stages, the catalog and commands use.

The values are stored in the catalog and in artifacts and never change. A test compares them with the database.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class ObjectState(StrEnum):
    """State of an object in the ledger, in the order of processing (table ``media_state``)."""

    SEEN = "seen"  # listed, not claimed: incomplete, or in an archive
    CLAIMED = "claimed"  # waits for a batch or is in one
    INDEXED = "indexed"  # its transcript is current and published
    IN_REVIEW = "in_review"  # waits for a person
    DUPLICATE = "duplicate"  # another object has the same audio
    QUARANTINED = "quarantined"  # cannot be indexed; code and reason say why
    GONE = "gone"  # no longer in the bucket under this key


# States in which an object has left its batch for good.
OUT_OF_BATCH = (ObjectState.QUARANTINED, ObjectState.DUPLICATE, ObjectState.GONE)


class Lane(StrEnum):
    """The lane of a batch; it decides its slots and its share of the processors."""

    FRESH = "fresh"
    BACKFILL = "backfill"


class ItemStatus(StrEnum):
    """The outcome of one item of a job."""

    DONE = "done"
    CACHED = "cached"  # the artifact existed
    FAILED = "failed"


class Decision(StrEnum):
    """The decision of triage about a recording."""

    TRANSCRIBE = "transcribe"
    REVIEW = "review"


class ReviewKind(StrEnum):
    """The subject of a review: a recording before recognition, or its transcript."""

    TRIAGE = "triage"
    ASSESSMENT = "assessment"


class ReviewAction(StrEnum):
    """An entry in the audit log of a review."""

    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"


class PublicationKind(StrEnum):
    """The outbox's task for the documents of a recording."""

    PUBLISH = "publish"
    WITHDRAW = "withdraw"


class SeenBy(StrEnum):
    """What discovered an object."""

    LISTING = "listing"
    EVENT = "event"


class EpisodeState(StrEnum):
    """State of the copy of a podcast episode."""

    WANTED = "wanted"
    COPIED = "copied"
    FAILED = "failed"
    ERASED = "erased"
    SAME = "same"  # another episode of the feed has the same file


class ErasureCause(StrEnum):
    """Cause of an erasure: a request, or the source's retention."""

    REQUEST = "request"
    RETENTION = "retention"


class TopicKind(StrEnum):
    """Kind of a topic: a name, or a key phrase."""

    ENTITY = "entity"
    PHRASE = "phrase"


class _Explained(StrEnum):
    """A name with a sentence that explains it."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """A member; a look-up takes the value alone."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class StateReason(_Explained):
    """Why an object is in its state, if not because of an error; stored in place of an error code."""

    ARCHIVED = "archived", "The object is in an archive storage class; restore it, or allow archive.restore."
    RESTORING = "restoring", "The object is being restored from its archive; it is claimed afterwards."
    SETTLING = "settling", "The object was written a moment ago; it is claimed once it stays unchanged."
    UNWRITTEN = "unwritten", "The object begins with zeros; it is claimed once it is written."
    REFUSED = "refused", "S3 lists the object and does not return it; it is tried again every hour, read the reason."
    EXCLUDED = "excluded", "The object waited, and its source no longer includes it; a changed source claims it."
    NO_SOURCE = "no_source", "Its source is not in the sources file; it is queued again once the source is."
    DUPLICATE = "duplicate", "Another object has the same audio; its transcript serves for both."
    REMOVED = "removed", "The object was removed from the bucket."
    GONE = "gone", "The object was no longer in the bucket when it was to be read."
    REPLACED = "replaced", "A newer object is under the same key."
    REVIEW_TRIAGE = "review_triage", "A person is to look at the recording before it is transcribed."
    REVIEW_ASSESSMENT = "review_assessment", "A person is to look at the transcript."
    NOT_RENEWED = "not_renewed", "The recording could not be indexed again; its earlier transcript stays."
    NOT_PUBLISHED = "not_published", "The transcript is in the catalog and waits for Elasticsearch."
    PROMOTED = "promoted", "The object takes the place of another one with the same audio."
    REPROCESS = "reprocess", "Indexing it again was asked for."
    REQUEUED = "requeued", "A person put it back into the queue."
    RECOGNISER_IS_BACK = "recogniser_is_back", "A fallback wrote it, and the preferred recogniser works again."
    ERASING = "erasing", "The recording is being erased."
    ERASED = "erased", "The recording was erased on request."
    EXPIRED = "expired", "The recording was erased by the retention of its source."
    MEDIA_EXPIRED = "media_expired", "It cannot be indexed again: retention removed the recording and its audio."

    @classmethod
    def of_review(cls, kind: str) -> StateReason:
        """The reason of an object with an open review of this kind."""
        return cls(f"review_{ReviewKind(kind)}")


class DoubtReason(StrEnum):
    """Why words cannot all be right."""

    NO_WORDS = "no_words"
    NOBODY_SPEAKS = "nobody_speaks"
    TOO_FAST = "too_fast"
    TOO_SLOW = "too_slow"
    LOOP = "loop"
    LOW_CONFIDENCE = "low_confidence"


class ReasonCode(_Explained):
    """Why a review is needed: the stable first part of a reason of triage or assessment."""

    LANGUAGE_UNDETERMINED = "language_undetermined", "There is speech, but no language was recognised."
    LANGUAGE_NOT_ALLOWED = "language_not_allowed", "The language is probably none of those that the source allows."
    LANGUAGE_UNCERTAIN = "language_uncertain", "The language was recognised with little confidence."
    LITTLE_SPEECH = "little_speech", "Only a small part of the recording is speech."
    NOISY = "noisy", "Speech is hardly louder than the background."
    SPEECH_UNCERTAIN = "speech_uncertain", "The detector is not sure that what it found is speech."
    NO_WORDS = "no_words", "There is speech, but no word was recognised."
    LOW_CONFIDENCE = "low_confidence", "Too many words are probably wrong."
    LOW_COVERAGE = "low_coverage", "Much of the speech has no words."
    NOT_RECOGNISED = "not_recognised", "Parts could not be recognised."
    DOUBTFUL_NO_WORDS = "doubtful_no_words", "A long stretch of speech has no words."
    DOUBTFUL_NOBODY_SPEAKS = "doubtful_nobody_speaks", "There are words where no speech was detected."
    DOUBTFUL_TOO_FAST = "doubtful_too_fast", "There are more words than can be spoken in the time."
    DOUBTFUL_TOO_SLOW = "doubtful_too_slow", "There are far fewer words than the speech takes."
    DOUBTFUL_LOOP = "doubtful_loop", "The same words are repeated again and again."
    DOUBTFUL_LOW_CONFIDENCE = "doubtful_low_confidence", "A stretch of words is probably wrong."

    @classmethod
    def of_doubt(cls, reason: DoubtReason) -> ReasonCode:
        """The reason of a transcript with too much of this doubt."""
        return cls(f"doubtful_{reason}")
