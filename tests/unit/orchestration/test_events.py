from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from mediaindex.orchestration.events import of_run


class Asset(NamedTuple):
    name: str


class Event(NamedTuple):
    extra: Any


def event(*bodies: str) -> Event:
    batch = [{"Body": body, "ReceiptHandle": f"receipt of {body}"} for body in bodies]
    return Event({"payload": {"status": "success", "message_batch": batch}})


def test_one_run_may_answer_to_many_events_of_many_queues() -> None:
    found = of_run({Asset("q1"): [event("a", "b"), event("c")], Asset("q2"): [event("d")]})
    assert {queue: [one.body for one in some] for queue, some in found.items()} == {"q1": ["a", "b", "c"], "q2": ["d"]}
    assert found["q1"][0].receipt == "receipt of a"


@pytest.mark.parametrize("extra", [None, {}, {"payload": "odd"}, {"payload": {"message_batch": [1, None]}}])
def test_an_event_without_messages_is_nothing(extra: Any) -> None:
    assert of_run({Asset("q"): [Event(extra)]}) == {}
