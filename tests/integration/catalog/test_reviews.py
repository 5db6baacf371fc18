from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest

from mediaindex.catalog.transcripts import reviews
from mediaindex.contract.states import ReviewKind
from mediaindex.errors import TerminalError

pytestmark = pytest.mark.servers
Make = Callable[..., Any]


def test_the_same_review_is_opened_once(conn: Any, batch: Make, source: str) -> None:
    _, (one,) = batch(1)
    first = reviews.file(conn, one, kind=ReviewKind.TRIAGE, reasons=["SNR 2 dB"])
    assert reviews.file(conn, one, kind=ReviewKind.TRIAGE, reasons=["SNR 2 dB"]) == first
    (item,) = reviews.open_items(conn, source)
    assert (item.id, item.media_object_id, item.reasons) == (first, one, ("SNR 2 dB",))
    assert [event.action for event in reviews.events(conn, first)] == ["opened"]


def test_new_reasons_update_the_open_review(conn: Any, batch: Make, source: str) -> None:
    _, (one,) = batch(1)
    id_ = reviews.file(conn, one, kind=ReviewKind.TRIAGE, reasons=["SNR 2 dB"])
    assert reviews.file(conn, one, kind=ReviewKind.TRIAGE, reasons=["language unsure"]) == id_
    assert reviews.open_items(conn, source)[0].reasons == ("language unsure",)
    assert [(event.actor, event.action) for event in reviews.events(conn, id_)] == [
        ("pipeline", "opened"),
        ("pipeline", "changed"),
    ]


def test_closing_a_review_is_in_the_audit_log(conn: Any, batch: Make, source: str) -> None:
    _, (one,) = batch(1)
    id_ = reviews.file(conn, one, kind=ReviewKind.TRIAGE, reasons=["SNR 2 dB"])
    assert reviews.close(conn, id_, actor="ada", resolution="transcribe")
    assert not reviews.close(conn, id_, actor="bob", resolution="reject")
    assert reviews.open_items(conn, source) == []
    last = reviews.events(conn, id_)[-1]
    assert (last.actor, last.action, last.details) == ("ada", "closed", {"resolution": "transcribe"})


@pytest.mark.parametrize(("kind", "reasons"), [("gossip", ["x"]), ("triage", []), ("assessment", ["no transcript"])])
def test_an_incomplete_review_is_refused(conn: Any, batch: Make, kind: Any, reasons: list[str]) -> None:
    _, (one,) = batch(1)
    with pytest.raises(TerminalError):
        reviews.file(conn, one, kind=kind, reasons=reasons)


def test_the_audit_log_is_immutable(conn: Any, batch: Make) -> None:
    _, (one,) = batch(1)
    reviews.file(conn, one, kind=ReviewKind.TRIAGE, reasons=["x"])
    with conn.cursor() as cursor, pytest.raises(psycopg2.Error, match="never changed"):
        cursor.execute("delete from review_event")
    conn.rollback()
