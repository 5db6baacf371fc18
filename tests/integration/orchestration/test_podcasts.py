"""Podcasts from end to end, except Airflow: with a web server, the S3 server and the catalog."""

from __future__ import annotations

import logging
import os

import pytest

from mediaindex.catalog.base.connection import connect, transaction
from mediaindex.catalog.base.rows import scalar
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.podcasts import episodes, feeds
from mediaindex.errors import ConfigError
from mediaindex.orchestration import podcasts
from mediaindex.storage.media import list_objects
from mediaindex.storage.upload import PART_BYTES
from tests.builders.podcast_host import File, redirect, reply
from tests.builders.podcast_stage import ONE, TWO, Stage

pytestmark = pytest.mark.servers


@pytest.fixture
def two(stage: Stage) -> Stage:
    """A feed with two episodes that are not collected yet."""
    stage.host.answers |= {"/1.mp3": File(ONE), "/2.mp3": File(TWO)}
    stage.tell(("g2", "/2.mp3", 5), ("g1", "/1.mp3", 5))
    stage.configure("/feed")
    return stage


def test_new_episodes_are_copied_once(two: Stage, caplog: pytest.LogCaptureFixture) -> None:
    assert two.collect() == {"feeds read": 1, "episodes new": 2, "episodes copied": 2}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    objects = two.objects()
    assert sorted(objects.values()) == sorted([ONE, TWO])
    assert all(key.startswith("in/show/") and key.endswith(".mp3") for key in objects)
    assert two.collect() == {"feeds unchanged": 1}
    assert two.host.paths() == ["/feed"]
    assert two.objects() == objects


def test_a_copy_has_metadata_and_the_ledger_finds_its_episode(two: Stage) -> None:
    two.collect()
    with connect(two.url) as conn:
        claimed = ledger.claim(conn, two.source, list_objects(two.client, two.bucket))
        told = {found.guid: found for one in claimed if (found := episodes.of_object(conn, one.id))}
    assert set(told) == {"g1", "g2"}
    published = told["g1"].published_at
    assert published is not None
    assert published.isoformat() == "2026-01-02T03:04:05+00:00"
    head = two.client.head_object(Bucket=two.bucket, Key=claimed[0].key)
    assert head["ContentType"] == "audio/mpeg"
    assert head["Metadata"]["episode-published"] == "2026-01-02T03:04:05+00:00"
    assert head["Metadata"]["episode-title"].startswith("Title of g")


@pytest.mark.parametrize("announced", ["url", "length"])
def test_a_changed_enclosure_is_a_new_version_under_the_same_key(stage: Stage, announced: str) -> None:
    stage.configure("/feed")
    stage.tell(("g", "/a.mp3", 5))
    stage.host.answers["/a.mp3"] = File(ONE)
    stage.collect()
    ((key, _),) = stage.objects().items()
    with connect(stage.url) as conn:
        (first,) = ledger.claim(conn, stage.source, list_objects(stage.client, stage.bucket))
    path, length = ("/b.mp3", 5) if announced == "url" else ("/a.mp3", 6)
    stage.host.answers[path] = File(TWO, etag='"two"')
    stage.tell(("g", path, length))
    assert stage.collect() == {"feeds read": 1, "episodes changed": 1, "episodes copied": 1}
    assert stage.objects() == {key: TWO}
    with connect(stage.url) as conn:
        (second,) = ledger.claim(conn, stage.source, list_objects(stage.client, stage.bucket))
        assert (first.key, first.etag != second.etag) == (second.key, True)
        for one in (first, second):
            found = episodes.of_object(conn, one.id)
            assert found is not None
            assert found.guid == "g"


def test_a_replaced_file_is_found_by_its_etag(stage: Stage) -> None:
    stage.configure("/feed", recheck_days=10_000)
    stage.tell(("g", "/a.mp3", 5))
    stage.host.answers["/a.mp3"] = File(ONE)
    stage.collect()
    stage.host.answers["/a.mp3"] = File(TWO, etag='"two"')
    assert stage.collect() == {"feeds unchanged": 1}  # asked within a day
    with connect(stage.url) as conn, transaction(conn) as cursor:
        cursor.execute("update episode set checked_at = now() - interval '2 days' where bucket = %s", (stage.bucket,))
    assert stage.collect() == {"feeds unchanged": 1, "episodes copied": 1}
    assert list(stage.objects().values()) == [TWO]


def test_the_same_bytes_at_another_address_are_not_a_new_version(stage: Stage) -> None:
    stage.configure("/feed")
    stage.tell(("g", "/a.mp3", 5))
    stage.host.answers |= {"/a.mp3": File(ONE), "/b.mp3": File(ONE, etag='"b"')}
    stage.collect()
    (before,) = list_objects(stage.client, stage.bucket)
    stage.tell(("g", "/b.mp3", 5))
    assert stage.collect() == {"feeds read": 1, "episodes changed": 1, "episodes unchanged": 1}
    assert list(list_objects(stage.client, stage.bucket)) == [before]


def test_a_broken_feed_does_not_affect_others(two: Stage) -> None:
    two.host.answers |= {
        "/html": File(b"<html>no feed</html>", "text/html"),
        "/bomb": File(b'<!DOCTYPE r [<!ENTITY a "x">]><rss><channel>&a;</channel></rss>', "text/xml"),
        "/inside": redirect("http://169.254.169.254/latest/meta-data/"),
        "/busy": lambda request: reply(request, 503, {"Retry-After": "7200"}),
    }
    two.configure("/html", "/missing", "/bomb", "/inside", "http://localhost:1/x", "/busy", "/feed")
    assert two.collect() == {"feeds failed": 6, "feeds read": 1, "episodes new": 2, "episodes copied": 2}
    with connect(two.url) as conn:
        health = {one.url.removeprefix(two.host.url): one for one in feeds.health(conn, [two.source])}
    codes = {path: one.last_error_code for path, one in health.items()}
    assert codes == {
        "/html": "not_a_feed", "/missing": "http_404", "/bomb": "entities", "/inside": "private_address",
        "http://localhost:1/x": "unreachable", "/busy": "http_503", "/feed": None,
    }  # fmt: skip
    assert (health["/busy"].next_try_at - health["/feed"].next_try_at).total_seconds() > 3_000
    failed = [one for path, one in health.items() if path not in ("/feed", "/busy")]
    longest = max((one.next_try_at - health["/feed"].next_try_at).total_seconds() for one in failed)
    assert longest < 700 - 3_600  # ten minutes at most, and an hour until the next visit of a feed that was read
    assert health["/feed"].copied == 2
    assert podcasts.report() >= 6


def test_a_broken_episode_does_not_affect_others(two: Stage) -> None:
    two.host.answers["/page"] = File(b"<html>Sign in</html>", "text/html")
    two.host.answers["/large"] = File(bytes(2_000_000))
    two.tell(
        ("page", "/page", 1), ("large", "/large", 1), ("inside", "http://169.254.169.254/a.mp3", 1),
        ("gone", "/gone.mp3", 1), ("strange", "http://[::1/x.mp3", 1), ("g1", "/1.mp3", 5),
    )  # fmt: skip
    two.configure("/feed", episode_bytes=1_000_000)
    done = two.collect()
    assert done["episodes copied"] == 1
    assert done["episodes given up"] == 2  # too large, private address
    assert done["episodes to try again"] == 2
    assert list(two.objects().values()) == [ONE]


def test_an_episode_is_given_up_until_its_feed_changes_it(stage: Stage) -> None:
    stage.configure("/feed")
    stage.tell(("g", "/a.mp3", 5))
    rounds = [stage.collect() for _ in range(5)]
    assert [one.get("episodes given up", 0) for one in rounds] == [0, 0, 0, 1, 0]
    assert stage.episode("reason_code") == "http_404"
    stage.host.answers["/b.mp3"] = File(ONE)
    stage.tell(("g", "/b.mp3", 5))
    assert stage.collect()["episodes copied"] == 1
    assert stage.episode("reason_code") is None


def test_an_interrupted_transfer_continues_in_the_next_task(stage: Stage) -> None:
    body = os.urandom(PART_BYTES + 500_000)
    stage.configure("/feed")
    stage.tell(("g", "/a.mp3", 5))
    stage.host.answers["/a.mp3"] = File(body, cuts=[PART_BYTES + 100_000, *[0] * 20])
    assert stage.collect()["episodes to try again"] == 1
    assert stage.episode("resume_id")
    assert stage.objects() == {}
    stage.host.answers["/a.mp3"] = File(body)
    assert stage.collect()["episodes copied"] == 1
    assert [headers.get("range") for path, headers in stage.host.asked if path == "/a.mp3"] == [f"bytes={PART_BYTES}-"]
    assert list(stage.objects().values()) == [body]
    assert stage.episode("resume_id") is None


def test_the_next_visit_continues_after_the_limit_of_a_visit(two: Stage) -> None:
    two.configure("/feed", episodes_per_run=1)
    assert two.collect()["episodes copied"] == 1
    # It is due again immediately, not after the feed's interval.
    again = [podcasts.collect(group) for group in podcasts.due_groups()]
    assert again == [{"feeds unchanged": 1, "episodes copied": 1}]
    assert podcasts.due_groups() == []


def test_a_feed_that_moved_keeps_its_episodes_and_their_keys(two: Stage, caplog: pytest.LogCaptureFixture) -> None:
    two.collect()
    before = two.objects()
    two.host.answers |= {"/new": two.host.answers["/feed"], "/feed": redirect("/new", 301)}
    two.tell(("g2", "/2.mp3", 5), ("g1", "/1.mp3", 5), path="/new")
    two.collect()
    podcasts.report()
    assert any("moved; write its new address" in message for message in caplog.messages)
    two.configure("/new")
    assert two.collect() == {"feeds read": 1}
    assert two.objects() == before


def test_a_login_is_used_and_not_stored_or_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.configure(stage.host.url.replace("http://", "http://ann:hunter2@") + "/feed?token=s3cret")
    stage.tell(("g", "/a.mp3?token=s3cret", 5))
    stage.host.answers["/a.mp3"] = File(ONE)
    with caplog.at_level("DEBUG"):
        stage.collect()
        stage.host.answers["/feed"] = lambda request: reply(request, 500, {})
        stage.collect()
        podcasts.report()
    assert "authorization" in stage.host.asked[0][1]
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("mediaindex")]
    assert lines
    assert not [line for line in lines if "hunter2" in line or "s3cret" in line]
    with connect(stage.url) as conn, transaction(conn) as cursor:
        cursor.execute("select f::text from feed f where source = %s", (stage.source,))
        row = scalar(cursor)
    assert "hunter2" not in row


def test_errors_of_s3_and_the_catalog_fail_the_task_and_no_episode(two: Stage) -> None:
    path = two.path.read_text()
    two.path.write_text(path.replace(two.bucket, "mediaindex-no-such-bucket"))
    with pytest.raises(ConfigError, match="bucket does not exist"):
        two.collect()
    with connect(two.url) as conn:
        (health,) = feeds.health(conn, [two.source])
    assert (health.attempts, health.failed, health.wanted) == (0, 0, 2)
