"""Make search documents from a transcript: one flat document per turn, one per recording. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mediaindex.timeline.scripts import tokens

from .setup import template

if TYPE_CHECKING:
    from mediaindex.catalog.transcripts.publications import PublishableTranscript, PublishableTurn

Document = dict[str, Any]


def turn_documents(transcript: PublishableTranscript) -> Iterator[tuple[str, Document]]:
    """``(_id, document)`` of each turn, in order. A turn always has the same id, so that it is never duplicated."""
    shared = _shared(transcript)
    for turn in transcript.turns:
        yield f"{transcript.audio_sha256}:{turn.index:06}", shared | _turn(transcript, turn)


def recording_document(transcript: PublishableTranscript) -> tuple[str, Document]:
    """``(_id, document)`` of the recording as a whole."""
    turns = transcript.turns
    document = _shared(transcript) | {
        "language": transcript.language,
        "recogniser": transcript.recogniser,
        "duration": transcript.duration,
        "start": transcript.start,
        "end": transcript.end,
        "speakers": list(dict.fromkeys(turn.speaker for turn in turns)),
        "turns": len(turns),
        "words": sum(len(tokens(turn.text)) for turn in turns),
        "confidence": transcript.confidence,
        "entities": list(dict.fromkeys(name for turn in turns for name in turn.entities)),
        "topics": list(dict.fromkeys(name for turn in turns for name in turn.topics)),
        "link": link(transcript.bucket, transcript.key, transcript.start),
    }
    return transcript.audio_sha256, document


def link(bucket: str, key: str, start: float) -> str:
    """A media fragment URI (W3C) of the object that starts at ``start`` seconds."""
    return at_second(f"s3://{quote(bucket)}/{quote(key)}", start)


def at_second(url: str, start: float) -> str:
    """``url`` with its fragment, if any, replaced by ``#t={start}``, in seconds."""
    return f"{url.partition('#')[0]}#t={start:.3f}".rstrip("0").rstrip(".")


def _shared(transcript: PublishableTranscript) -> Document:
    return {
        "recording": transcript.audio_sha256,
        "transcript_id": transcript.transcript_id,
        "revision": transcript.version,
        "source": transcript.source,
        "bucket": transcript.bucket,
        "key": transcript.key,
        "title": transcript.title or transcript.key.rpartition("/")[2],
        "published_at": transcript.published_at.isoformat(),
        "metadata": dict(transcript.metadata),
        "needs_review": transcript.needs_review,
    }


def _turn(transcript: PublishableTranscript, turn: PublishableTurn) -> Document:
    document = {
        "turn": turn.index,
        "speaker": turn.speaker,
        "language": turn.language,
        "start": turn.start,
        "end": turn.end,
        "text": turn.text,
        "confidence": turn.confidence,
        "entities": list(turn.entities),
        "topics": list(turn.topics),
        "word_starts": list(turn.word_starts),
        "link": link(transcript.bucket, transcript.key, turn.start),
    }
    if turn.spoken is not None:
        # A search for "nineteen eighty four" finds the turn even if its text has 1984.
        document |= {"spoken": turn.spoken, "spoken_starts": list(turn.spoken_starts)}
    if turn.language in template("turns")["properties"]["stemmed"]["properties"]:
        # Only the analyzer of the spoken language: an English stemmer on German text matches unspoken words.
        document["stemmed"] = {turn.language: turn.text}
    return document
