"""The checks of ``mediaindex doctor`` against the real servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from mediaindex.search import Indexes, connect
from mediaindex.storage.media import list_objects
from mediaindex.upkeep import checking
from mediaindex.upkeep.checking import Check
from mediaindex.upkeep.erasing import Stores

pytestmark = pytest.mark.servers


@dataclass
class Place:
    """The part of a source that is checked."""

    name: str
    bucket: str
    prefix: str


def problems(checks: Iterable[Check]) -> dict[str, str]:
    return {check.subject: check.detail for check in checks if not check.ok}


def test_servers_that_are_ready_have_no_problem(stores: Stores, buckets: tuple[str, str]) -> None:
    stores.s3.put_object(Bucket=buckets[0], Key="calls/a.wav", Body=b"RIFF")
    places = [Place("calls", buckets[0], "calls/{{ ds }}/"), Place("empty", buckets[0], "empty/")]
    checks = [
        *checking.catalog(stores.conn),
        *checking.storage(stores.s3, buckets[1], places),  # type: ignore[arg-type]
    ]
    assert problems(checks) == {}
    assert len(checks) == 6
    assert list(list_objects(stores.s3, buckets[1])) == []


def test_a_bucket_that_does_not_exist_is_a_problem_of_its_source_alone(
    stores: Stores, buckets: tuple[str, str]
) -> None:
    absent = f"absent-{uuid.uuid4().hex[:12]}"
    places = [Place("here", buckets[0], ""), Place("absent", absent, "in/")]
    found = problems(checking.storage(stores.s3, buckets[1], places))  # type: ignore[arg-type]
    assert list(found) == [f"source absent: s3://{absent}/in/"]
    assert "does not exist" in found[f"source absent: s3://{absent}/in/"]


def test_missing_indexes_are_a_problem(stores: Stores) -> None:
    from mediaindex.search import setup

    assert "up to date" in setup.existing(stores.search, stores.indexes)
    with pytest.raises(Exception, match="mediaindex reindex"):
        setup.existing(stores.search, Indexes(f"absent-{uuid.uuid4().hex[:12]}"))


def test_a_server_that_does_not_answer_is_a_problem() -> None:
    found = problems(checking.search(connect("http://127.0.0.1:1")))
    assert "does not answer" in found["server"]
