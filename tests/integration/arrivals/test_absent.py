"""Announcements for a source that is not in the sources file."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from local.announce import message
from mediaindex.catalog.batches import airflows
from mediaindex.catalog.ledger import ledger, sources
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import SeenBy
from mediaindex.orchestration import events
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.storage.queue import Message

pytestmark = pytest.mark.servers


def test_an_announcement_for_an_absent_source_is_kept_until_the_source_is_back(
    conn: Any, client: Any, bucket: str, airflow_id: str
) -> None:
    name = f"s{uuid.uuid4().hex[:12]}"
    airflows.seen(conn, airflow_id)
    sources.note_configured(conn, airflow_id, {name: (bucket, "in/"), "other": ("elsewhere", "")})
    sources.note_configured(conn, airflow_id, {"other": ("elsewhere", "")})
    client.put_object(Bucket=bucket, Key="in/a.wav", Body=b"RIFF")
    without = Configuration.model_validate({"sources": [{"name": "other", "bucket": "elsewhere"}]})
    events.take(conn, client, without, [Message(message(bucket, "in/a.wav"), "")])
    assert [(one.state, one.reason_code) for one in ledger.find(conn, bucket=bucket)] == [("seen", "no_source")]
    back = Source.model_validate({"name": name, "bucket": bucket, "prefix": "in/", "settle_seconds": 0})
    with conn, conn.cursor() as cursor:
        cursor.execute("update media_object set not_before = now() where bucket = %s", (bucket,))
    assert Arrivals(conn, client, back, SeenBy.LISTING).look_again() == 1
