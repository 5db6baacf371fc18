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


def test_a_run_may_have_many_events_of_many_queues() -> None:
    messages = of_run({Asset("q1"): [event("a", "b"), event("c")], Asset("q2"): [event("d")]})
    bodies = {queue: [message.body for message in listed] for queue, listed in messages.items()}
    assert bodies == {"q1": ["a", "b", "c"], "q2": ["d"]}
    assert messages["q1"][0].receipt == "receipt of a"


@pytest.mark.parametrize("extra", [None, {}, {"payload": "text"}, {"payload": {"message_batch": [1, None]}}])
def test_an_event_without_messages_is_ignored(extra: Any) -> None:
    assert of_run({Asset("q"): [Event(extra)]}) == {}
