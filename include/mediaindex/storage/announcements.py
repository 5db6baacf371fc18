"""Parse S3's event notifications: from SQS directly, in an SNS envelope, or by EventBridge.

Messages are untrusted: invalid ones are counted and reported, and do not fail the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import unquote_plus

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

Kind = Literal["created", "removed", "restored"]

LONGEST = 1_048_576  # characters; the limit of SQS
_DEEPEST = 3  # nested envelopes
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
    """An event of the object under this key. Its time and version are unknown until the object is read."""

    kind: Kind
    bucket: str
    key: str


@dataclass(slots=True)
class ParsedMessage:
    """The content of a message; ``rejected``: why parts of it are invalid, one reason per part."""

    announcements: list[Announcement] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("contains a NUL character")
    if len(text.encode()) > 1024:  # encode() also refuses lone surrogates
        raise ValueError("longer than 1024 bytes, the limit of S3")
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


def understand(body: str) -> ParsedMessage:
    """All announcements of the message. Never raises for invalid content."""
    parsed = ParsedMessage()
    try:
        for content in _unwrapped(body, _DEEPEST):
            _parse(content, parsed)
    except (ValueError, RecursionError) as error:
        parsed.rejected.append(f"not an S3 event notification: {str(error)[:200]}")
    return parsed


def _unwrapped(body: str, depth: int) -> Iterator[dict[str, Any]]:
    """The content without SNS envelopes."""
    if len(body) > LONGEST:
        raise ValueError(f"{len(body)} characters, more than {LONGEST}")
    content = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - all invalid content raises ValueError
    if content.get("Type") == "Notification" and isinstance(content.get("Message"), str):
        if depth == 0:
            raise ValueError("too many nested envelopes")
        yield from _unwrapped(content["Message"], depth - 1)
    else:
        yield content


def _parse(content: dict[str, Any], parsed: ParsedMessage) -> None:
    if content.get("Event") == "s3:TestEvent":  # S3 sends it when a queue is configured
        return
    if "detail-type" in content:
        _parse_event(_BridgeEvent, content, parsed)
    elif isinstance(records := content.get("Records"), list):
        for record in records:
            _parse_event(_Record, record, parsed)
    else:
        parsed.rejected.append(f"neither Records nor detail-type; its fields: {', '.join(list(content)[:10])[:200]}")


def _parse_event(model: type[_Record | _BridgeEvent], content: Any, parsed: ParsedMessage) -> None:
    try:
        event = model.model_validate(content)
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors()[:3])
        parsed.rejected.append(reasons[:300])
        return
    name, what = (event.eventName, event.s3) if isinstance(event, _Record) else (event.detail_type, event.detail)
    kind = next((kind for start, kind in _KINDS.items() if name.removeprefix("s3:").startswith(start)), None)
    if kind:  # other events, such as tagging and replication, are valid and ignored
        parsed.announcements.append(Announcement(kind, what.bucket.name, what.object.key))
