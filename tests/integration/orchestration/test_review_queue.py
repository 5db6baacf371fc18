"""Recordings that triage holds back are in review."""

from __future__ import annotations

from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.transcripts import reviews
from mediaindex.contract.states import Decision
from mediaindex.orchestration import indexing
from tests.builders.recordings import arrive

pytestmark = pytest.mark.servers


def test_each_recording_that_is_held_back_has_one_review_with_its_reasons(
    catalog_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", catalog_url)
    with connect(catalog_url) as conn:
        held_back = arrive(conn, "noise")
        batches.set_decision(conn, held_back.batch_id, held_back.id, Decision.REVIEW, ["quiet", "noisy"])
        counts = [indexing.queue_for_review(held_back.batch_id) for _ in range(2)]  # the second as after a retry
        opened: list[Any] = [one for one in reviews.open_items(conn) if one.media_object_id == held_back.id]
    assert counts == [1, 1]
    assert [(one.kind, list(one.reasons)) for one in opened] == [("triage", ["quiet", "noisy"])]
