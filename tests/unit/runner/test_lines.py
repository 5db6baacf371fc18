"""The runner's log line for an item."""

from __future__ import annotations

import pytest

from mediaindex.contract.job import ItemResult, Usage
from mediaindex.contract.states import ItemStatus
from mediaindex.runner.__main__ import item_line


@pytest.mark.parametrize("status", ["done", "cached"])
def test_the_line_of_a_damaged_recording_has_its_warning(status: str) -> None:
    result = ItemResult.model_validate(
        {"id": "1", "status": status, "summary": {"warnings": ["truncated: 3 s of 9 s"]}, "usage": Usage(audio_s=3.0)}
    )
    assert item_line(result).endswith("; warning: truncated: 3 s of 9 s")


def test_the_line_of_a_good_recording_has_its_cost() -> None:
    result = ItemResult(id="1", status=ItemStatus.DONE, usage=Usage(wall_s=2.0, audio_s=60.0))
    assert item_line(result) == "60.0 s of audio in 2.0 s, 30x real time"
