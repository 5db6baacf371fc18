"""What a speech task is by its lane, and what it returns."""

from __future__ import annotations

from mediaindex.contract.job import ItemResult, JobResult, Usage
from mediaindex.contract.states import ItemStatus, Lane
from mediaindex.orchestration.speech_operator import SpeechStageOperator, counts


def results(*statuses: str, **usage: float) -> JobResult:
    items = (
        ItemResult(id=str(number), status=ItemStatus(status), usage=Usage(**usage))
        for number, status in enumerate(statuses)
    )
    return JobResult(stage="diarize", items=tuple(items))


def test_counts_are_of_each_status_and_the_speed_of_computed_items() -> None:
    assert counts(results("done", "cached", "done", "failed", wall_s=3.0, audio_s=30.04)) == {
        "done": 2,
        "cached": 1,
        "failed": 1,
        "audio_seconds": 60.1,
        "real_time_factor": 0.1,
    }
    cached = counts(results("cached", wall_s=3.0, audio_s=30.0))
    assert (cached["audio_seconds"], cached["real_time_factor"]) == (0, None)


def test_each_lane_has_its_pool() -> None:
    tasks = [SpeechStageOperator(stage="diarize", batch_id="7", lane=lane) for lane in (Lane.FRESH, Lane.BACKFILL)]
    assert [task.pool for task in tasks] == ["speech", "speech_backfill"]
    assert {task.task_id for task in tasks} == {"diarize"}


def test_a_task_may_end_before_it_has_a_child() -> None:
    SpeechStageOperator(stage="diarize", batch_id="7").on_kill()
