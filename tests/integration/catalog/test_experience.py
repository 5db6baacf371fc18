"""The data that forecasts are based on."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mediaindex.catalog.batches import batches
from mediaindex.catalog.forecasts import experience
from mediaindex.catalog.forecasts.experience import Ahead
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.states import ObjectState
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers


def test_queued_work_is_the_known_lengths_and_the_sizes_of_the_rest(
    conn: Any, source: str, passes: Callable[..., Any], sha256: Callable[[], str]
) -> None:
    types = [f".{uuid.uuid4().hex}" for _ in range(2)]  # the work is that of all sources

    def objects(*keys: str) -> list[ObjectVersion]:
        return [ObjectVersion(source, key, "e", None, 1_000, datetime.now(UTC)) for key in keys]

    known, done, _ = ledger.claim(conn, source, objects(f"a{types[0]}", f"b{types[0]}", f"c{types[1].upper()}"))
    ledger.see(conn, source, objects(f"d{types[1]}"))
    (batch_id,) = batches.plan(conn, source)
    passes(batch_id, "normalize", {known.id: sha256(), done.id: sha256()}, duration=9.0)
    ledger.set_state(conn, done.id, ObjectState.INDEXED)
    assert [one for one in experience.ahead(conn) if one.suffix in types] == sorted(
        [Ahead(types[0], 1, 0.0, 9.0), Ahead(types[1], 2, 2_000.0, 0.0)], key=lambda one: one.suffix
    )
