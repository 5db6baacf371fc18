"""An alarm if uploads are not announced any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediaindex.catalog.ledger import discovery, hearing
from mediaindex.config.sources import Source
from mediaindex.errors import TerminalError
from mediaindex.orchestration.discovery import check_events
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers


@pytest.fixture
def found(conn: Any, source: Callable[..., Source], bucket: str) -> Callable[..., str]:
    """Record objects that were uploaded this many minutes ago, as seen by events or listings."""
    name = source().name

    def build(*minutes_ago: float, seen_by: Any = "listing") -> str:
        now = datetime.now(UTC)
        objects = [ObjectVersion(bucket, f"{n}", seen_by, None, 1, now - timedelta(minutes=n)) for n in minutes_ago]
        discovery.note(conn, name, [(one, {}) for one in objects], seen_by)
        return name

    return build


def last_heard(conn: Any, source: str, minutes_ago: float) -> None:
    hearing.heard(conn, source, 1)
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "update hearing set since = now() - %s * interval '1 minute', last_event_at = since where source = %s",
            (minutes_ago, source),
        )


def test_uploads_that_only_listings_found_since_the_last_event_raise_the_alarm(
    conn: Any, found: Callable[..., str]
) -> None:
    name = found(20, 30, 40)
    last_heard(conn, name, 60)
    silence = hearing.silence(conn, name)
    assert silence
    assert silence.missed == 3


@pytest.mark.parametrize(
    ("minutes", "seen_by"),
    [((20, 30), "listing"), ((20, 30, 40), "event"), ((1, 2, 3), "listing"), ((70, 80, 90), "listing")],
    ids=["too-few", "announced", "too-fresh-to-tell", "before-the-last-event"],
)
def test_other_uploads_do_not_raise_the_alarm(
    conn: Any, found: Callable[..., str], minutes: tuple[float, ...], seen_by: str
) -> None:
    name = found(*minutes, seen_by=seen_by)
    last_heard(conn, name, 60)
    assert hearing.silence(conn, name) is None


def test_uploads_before_the_first_event_do_not_raise_the_alarm(conn: Any, found: Callable[..., str]) -> None:
    assert hearing.silence(conn, found(20, 30, 40)) is None


@pytest.mark.usefixtures("connections")
def test_the_alarm_is_terminal_and_says_what_to_check(conn: Any, found: Callable[..., str]) -> None:
    name = found(20, 30, 40)
    last_heard(conn, name, 60)
    with pytest.raises(TerminalError, match="event notification") as caught:
        check_events(name)
    assert caught.value.code == "events_silent"
    hearing.heard(conn, name, 1)
    check_events(name)
