from __future__ import annotations

import json
from typing import Any

import pytest

from mediaindex.storage.announcements import Announcement, understand


def record(name: str = "ObjectCreated:Put", key: Any = "in/a.wav", bucket: Any = "media") -> dict[str, Any]:
    return {"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "0"}}}


def body(*records: Any) -> str:
    return json.dumps({"Records": list(records)})


def bridge(kind: str, key: str) -> str:
    return json.dumps({"detail-type": kind, "detail": {"bucket": {"name": "media"}, "object": {"key": key}}})


def test_a_key_is_decoded_as_s3_encoded_it() -> None:
    assert understand(body(record(key="in/a+b%2Bc/%C3%BC%3F.wav"))).announcements == [
        Announcement("created", "media", "in/a b+c/ü?.wav")
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ObjectCreated:CompleteMultipartUpload", "created"),
        ("s3:ObjectCreated:Copy", "created"),
        ("ObjectRemoved:DeleteMarkerCreated", "removed"),
        ("LifecycleExpiration:Delete", "removed"),
        ("ObjectRestore:Completed", "restored"),
    ],
)
def test_event_names_give_the_kind(name: str, kind: str) -> None:
    assert [announced.kind for announced in understand(body(record(name))).announcements] == [kind]


def test_an_sns_envelope_is_removed() -> None:
    wrapped = json.dumps({"Type": "Notification", "Message": body(record())})
    assert understand(wrapped).announcements == understand(body(record())).announcements


def test_eventbridge_does_not_encode_keys() -> None:
    assert understand(bridge("Object Created", "in/a+b%20c.wav")).announcements == [
        Announcement("created", "media", "in/a+b%20c.wav")
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Object Created", "created"), ("Object Deleted", "removed"), ("Object Restore Completed", "restored")],
)
def test_events_of_eventbridge_have_the_same_kinds(name: str, kind: str) -> None:
    assert [announced.kind for announced in understand(bridge(name, "a")).announcements] == [kind]


@pytest.mark.parametrize(
    "text", [json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}), body(record("ObjectTagging:Put"))]
)
def test_other_events_are_ignored(text: str) -> None:
    parsed = understand(text)
    assert (parsed.announcements, parsed.rejected) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "null", "[]", "7", '"Records"', "{}", "[" * 100_000,
        '{"Records": {}}', '{"Records": [1, null, []]}',
        body(record(key="%ff%fe")), body(record(key="a%00b")), body(record(key="x" * 1_025)), body(record(key="")),
        body(record(key=["a"])), body(record(bucket="")), body({"eventName": "ObjectCreated:Put"}),
        body(record(key="\ud800")), "9" * 10_000, " " * 2_000_000, bridge("Object Created", "\x00"),
        json.dumps({"Type": "Notification", "Message": json.dumps({"Type": "Notification", "Message": "no"})}),
        json.dumps({"Type": "Notification", "Message": 7}), json.dumps({"Type": "Notification"}),
    ],
    ids=range(24),
)  # fmt: skip
def test_an_invalid_message_is_rejected(text: str) -> None:
    parsed = understand(text)
    assert parsed.announcements == []
    assert parsed.rejected


@pytest.mark.parametrize(
    ("bucket", "key", "valid"),
    [
        ("b" * 63, "a", True),
        ("b" * 64, "a", False),
        ("bbb", "a", True),
        ("bb", "a", False),
        ("media", "ü" * 512, True),
        ("media", "ü" * 513, False),
    ],
)
def test_names_are_as_long_as_s3_allows(bucket: str, key: str, valid: bool) -> None:
    parsed = understand(body(record(bucket=bucket, key=key)))
    assert (len(parsed.announcements), len(parsed.rejected)) == ((1, 0) if valid else (0, 1))


def test_an_invalid_record_does_not_fail_the_others() -> None:
    parsed = understand(body(record(key="a"), {"bad": 1}, record(key="b")))
    assert [announced.key for announced in parsed.announcements] == ["a", "b"]
    assert len(parsed.rejected) == 1
