"""Objects and recordings that retention may delete, in pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediaindex.catalog.batches import batches
from mediaindex.catalog.erasure import candidates
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.states import ObjectState
from mediaindex.storage.objects import ObjectVersion

pytestmark = pytest.mark.servers
BEFORE = datetime(2026, 1, 2, tzinfo=UTC)
OLD = BEFORE - timedelta(seconds=1)


@pytest.fixture
def recorded(conn: Any, source: str, passes: Callable[..., Any], sha256: Callable[[], str]) -> Callable[..., Any]:
    """Indexed objects of these dates in a batch: their ids and audios."""

    def build(*dates: datetime) -> tuple[list[int], list[str]]:
        objects = [ObjectVersion(source, f"{number}", "e", None, 1, date) for number, date in enumerate(dates)]
        ids = [one.id for one in ledger.claim(conn, source, objects)]
        audios = sorted(sha256() for _ in ids)
        (batch_id,) = batches.plan(conn, source)
        passes(batch_id, "normalize", dict(zip(ids, audios, strict=True)))
        for id_ in ids:
            ledger.set_state(conn, id_, ObjectState.INDEXED)
        return ids, audios

    return build


def test_only_old_media_of_finished_recordings_expires(conn: Any, source: str, recorded: Callable[..., Any]) -> None:
    (old, _, deleted, busy), _ = recorded(OLD, BEFORE, OLD, OLD)
    candidates.note_media_removed(conn, deleted)
    ledger.requeue(conn, busy, in_progress=True)
    offered = list(candidates.expired_media(conn, source, BEFORE))
    assert [(one.id, one.whole_key) for one in offered] == [(old, False)]


def test_proxies_are_offered_once_and_their_recordings_still_expire(
    conn: Any, source: str, recorded: Callable[..., Any]
) -> None:
    (first, second), (gone, left) = recorded(OLD, OLD)
    candidates.note_proxies_removed(conn, gone)

    def offered(*, proxies: bool) -> list[tuple[str, tuple[int, ...]]]:
        return list(candidates.expired_recordings(conn, {source: BEFORE}, proxies=proxies))

    assert offered(proxies=True) == [(left, (second,))]
    assert offered(proxies=False) == [(gone, (first,)), (left, (second,))]


@pytest.mark.parametrize("count", [3, 4])
def test_everything_is_offered_page_by_page(
    conn: Any, source: str, recorded: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(candidates, "PAGE", 2)
    ids, audios = recorded(*[OLD] * count)
    assert [one.id for one in candidates.expired_media(conn, source, BEFORE)] == ids
    offered = candidates.expired_recordings(conn, {source: BEFORE}, proxies=True)
    assert [audio for audio, _ in offered] == audios
