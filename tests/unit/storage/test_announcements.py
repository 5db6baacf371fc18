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
def test_event_names_say_what_happened(name: str, kind: str) -> None:
    assert [one.kind for one in understand(body(record(name))).announcements] == [kind]


def test_sns_may_have_wrapped_it() -> None:
    wrapped = json.dumps({"Type": "Notification", "Message": body(record())})
    assert understand(wrapped).announcements == understand(body(record())).announcements


def test_eventbridge_does_not_encode_keys() -> None:
    assert understand(bridge("Object Created", "in/a+b%20c.wav")).announcements == [
        Announcement("created", "media", "in/a+b%20c.wav")
    ]


@pytest.mark.parametrize(
    "text", [json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}), body(record("ObjectTagging:Put"))]
)
def test_what_is_nothing_to_us_is_understood(text: str) -> None:
    heard = understand(text)
    assert (heard.announcements, heard.rejected) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "", "hello", "null", "[]", "7", '"Records"', "{}", "[" * 100_000,
        '{"Records": {}}', '{"Records": [1, null, []]}',
        body(record(key="%ff%fe")), body(record(key="a%00b")), body(record(key="x" * 1_025)), body(record(key="")),
        body(record(key=["a"])), body(record(bucket="")), body({"eventName": "ObjectCreated:Put"}),
        body(record(key="\ud800")), "9" * 10_000, " " * 2_000_000, bridge("Object Created", "\x00"),
        json.dumps({"Type": "Notification", "Message": json.dumps({"Type": "Notification", "Message": "no"})}),
    ],
    ids=range(22),
)  # fmt: skip
def test_a_strangers_message_is_rejected_and_breaks_nothing(text: str) -> None:
    heard = understand(text)
    assert heard.announcements == []
    assert heard.rejected


def test_one_bad_record_does_not_take_the_others_along() -> None:
    heard = understand(body(record(key="a"), {"bad": 1}, record(key="b")))
    assert [one.key for one in heard.announcements] == ["a", "b"]
    assert len(heard.rejected) == 1
