"""When a sweep calls a run dead: never on the word of an Airflow that does not know the run."""

from __future__ import annotations

import pytest

from mediaindex.catalog.batches.sweeping import StartedBatch
from mediaindex.contract.states import Lane
from mediaindex.orchestration import sweep as module

OURS = "ours"


def batch(owner: str | None = OURS, *, dag_id: str | None = "own_dag", is_silent: bool = False) -> StartedBatch:
    return StartedBatch(7, "calls", Lane.BACKFILL, dag_id, "batch_7_x", owner, is_silent)


@pytest.mark.parametrize(
    ("owner", "is_silent", "alive", "count"),
    [
        (OURS, False, True, "batches_at_work"),
        (OURS, False, False, None),
        (OURS, False, None, None),  # our own metadata database has no such run: it was deleted
        ("theirs", False, None, "of_another_airflow"),
        ("theirs", False, False, "of_another_airflow"),
        ("theirs", True, True, None),  # it is gone, and so are its runs
        (None, False, True, "batches_at_work"),
        (None, False, False, None),
        (None, False, None, "of_another_airflow"),
        (None, True, None, None),
    ],
)
def test_a_run_is_over_if_its_own_airflow_says_so_or_is_gone(
    owner: str | None, is_silent: bool, alive: bool | None, count: str | None
) -> None:
    assert module._not_over(batch(owner, is_silent=is_silent), OURS, lambda _dag_id, _run_id: alive) == count


@pytest.mark.parametrize(("dag_id", "asked"), [("own_dag", "own_dag"), (None, "index_recordings_backfill")])
def test_a_run_without_a_task_yet_is_one_of_its_lanes_dag(dag_id: str | None, asked: str) -> None:
    seen: list[tuple[str, ...]] = []

    def is_alive(*run: str) -> bool:
        seen.append(run)
        return True

    module._not_over(batch(dag_id=dag_id), OURS, is_alive)
    assert seen == [(asked, "batch_7_x")]
