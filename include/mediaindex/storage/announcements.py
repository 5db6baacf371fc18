"""What S3 announces of its objects, in S3's own words: straight from SQS, inside SNS's envelope, or by EventBridge.

Messages are strangers' text: what is not understood is counted and reported, and breaks nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import unquote_plus

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

Kind = Literal["created", "removed", "restored"]

LONGEST = 1_048_576  # characters; SQS carries no more
_DEEPEST = 3  # envelopes in envelopes
# By the beginning of S3's event name, and by EventBridge's detail type.
_KINDS: dict[str, Kind] = {
    "ObjectCreated:": "created",
    "ObjectRemoved:": "removed",
    "LifecycleExpiration:": "removed",
    "ObjectRestore:Completed": "restored",
    "Object Created": "created",
    "Object Deleted": "removed",
    "Object Restore Completed": "restored",
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something happened to the object under this key. When, and to which version, only a look at it can tell."""

    kind: Kind
    bucket: str
    key: str


@dataclass(slots=True)
class Heard:
    """What a message says; ``rejected`` says why a part of it was not understood."""

    announcements: list[Announcement] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a NUL character")
    if len(text.encode()) > 1024:  # also refuses half a surrogate pair
        raise ValueError("is longer than S3's 1024 bytes")
    return text


def _decoded(text: str) -> str:
    return unquote_plus(text, errors="strict")


Text = Annotated[str, Field(min_length=1, max_length=8_192)]
Bucket = Annotated[str, Field(min_length=3, max_length=63), AfterValidator(_storable)]
PlainKey = Annotated[Text, AfterValidator(_storable)]
UrlKey = Annotated[Text, AfterValidator(_decoded), AfterValidator(_storable)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Bucket(_Lenient):
    name: Bucket


class _RecordKey(_Lenient):
    key: UrlKey


class _RecordBody(_Lenient):
    bucket: _Bucket
    object: _RecordKey


class _Record(_Lenient):
    eventName: Text  # noqa: N815 - S3's own name
    s3: _RecordBody


class _DetailKey(_Lenient):
    key: PlainKey  # EventBridge does not encode it


class _Detail(_Lenient):
    bucket: _Bucket
    object: _DetailKey


class _BridgeEvent(_Lenient):
    detail_type: Annotated[Text, Field(alias="detail-type")]
    detail: _Detail


def understand(body: str) -> Heard:
    """All that the message announces. Never raises for what a stranger wrote."""
    heard = Heard()
    try:
        for content in _opened(body, _DEEPEST):
            _hear(content, heard)
    except (ValueError, RecursionError) as error:
        heard.rejected.append(f"not a message of S3's: {str(error)[:200]}")
    return heard


def _opened(body: str, depth: int) -> Iterator[dict[str, Any]]:
    """The content, out of the envelopes of SNS if need be."""
    if len(body) > LONGEST:
        raise ValueError(f"{len(body)} characters")
    content = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - one kind of answer to every stranger
    if content.get("Type") == "Notification" and isinstance(content.get("Message"), str):
        if depth == 0:
            raise ValueError("too many envelopes")
        yield from _opened(content["Message"], depth - 1)
    else:
        yield content


def _hear(content: dict[str, Any], heard: Heard) -> None:
    if content.get("Event") == "s3:TestEvent":  # S3 tries a queue out when it is set up
        return
    if "detail-type" in content:
        _hear_one(_BridgeEvent, content, heard)
    elif isinstance(records := content.get("Records"), list):
        for record in records:
            _hear_one(_Record, record, heard)
    else:
        heard.rejected.append(f"neither Records nor detail-type; its fields: {', '.join(list(content)[:10])[:200]}")


def _hear_one(model: type[_Record | _BridgeEvent], content: Any, heard: Heard) -> None:
    try:
        event = model.model_validate(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
        heard.rejected.append(wrong[:300])
        return
    name, what = (event.eventName, event.s3) if isinstance(event, _Record) else (event.detail_type, event.detail)
    kind = next((kind for start, kind in _KINDS.items() if name.removeprefix("s3:").startswith(start)), None)
    if kind:  # other events (tagging, replication, …) are understood, and nothing to us
        heard.announcements.append(Announcement(kind, what.bucket.name, what.object.key))
