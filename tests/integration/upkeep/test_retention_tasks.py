"""The tasks of `apply_retention`: they apply the policies of the sources file to the servers of the connections."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from mediaindex.catalog.ledger import ledger
from mediaindex.orchestration import retention
from mediaindex.search import Indexes
from mediaindex.storage.media import list_objects
from mediaindex.upkeep.erasing import Stores
from mediaindex.upkeep.verifying import verify
from tests.builders.recordings import Recorded

pytestmark = pytest.mark.servers
OLD = datetime.now(UTC)  # S3 dates objects itself: the tasks run forty days after they were put there


class Later(datetime):
    """A clock that is forty days ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return OLD + timedelta(days=40)


@pytest.fixture
def connected(
    catalog_url: str, stores: Stores, indexes: Indexes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow's connections and a sources file."""
    retained = {"media_days": 10, "proxy_days": 20, "transcript_days": 30}
    sources = [{"name": "calls", "bucket": "media", "retention": retained}, {"name": "shows", "bucket": "shows"}]
    (tmp_path / "sources.yaml").write_text(json.dumps({"sources": sources}))
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(tmp_path / "sources.yaml"))
    monkeypatch.setenv("MEDIAINDEX_ARTIFACTS_BUCKET", stores.artifacts_bucket)
    monkeypatch.setenv("MEDIAINDEX_INDEX_PREFIX", indexes.prefix)
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", catalog_url)
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH", os.environ["MEDIAINDEX_ELASTICSEARCH_URL"])
    s3 = {"conn_type": "aws", "extra": {"endpoint_url": os.environ["MEDIAINDEX_S3_ENDPOINT_URL"]}}
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_S3", json.dumps(s3))
    monkeypatch.setattr(retention, "datetime", Later)


@pytest.mark.usefixtures("connected")
def test_each_task_removes_expired_data_once(stores: Stores, indexed: Callable[..., Recorded]) -> None:
    old, kept = indexed("old", source="calls", when=OLD), indexed("kept", source="shows", when=OLD)
    assert (retention.remove_media(), retention.remove_media()) == (1, 0)
    assert [one.key for one in list_objects(stores.s3, old.bucket)] == [kept.key]
    assert (retention.remove_proxies(), retention.remove_proxies()) == (1, 0)
    assert (retention.erase_expired(), retention.erase_expired()) == (1, 0)
    assert [(one.state, one.reason_code) for one in ledger.find(stores.conn, ids=[old.id, kept.id])] == [
        ("gone", "expired"),
        ("indexed", None),
    ]
    assert retention.resume_erasures() == 0
    assert list(verify(stores)) == []
