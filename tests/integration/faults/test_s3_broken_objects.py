"""Objects that S3 always answers with an error do not stop the other recordings of their batch."""

from __future__ import annotations

import os
from typing import Any

import pytest

from mediaindex.runner.outage import OUTAGE_AFTER
from mediaindex.storage import media
from tests.builders.s3_proxy import Act, S3Proxy, answers, hangs_up

from .conftest import TRIES, run_normalize

pytestmark = pytest.mark.servers

BROKEN, WHOLE = 12, 3
AT_ONCE = max(2, len(os.sched_getaffinity(0)))


@pytest.fixture(autouse=True)
def everything_through_the_proxy(through: Any, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    assert through
    monkeypatch.setenv("MEDIAINDEX_S3_ENDPOINT_URL", proxy.url)


@pytest.mark.parametrize("act", [answers(500, "InternalError"), hangs_up], ids=["500", "reset"])
def test_broken_objects_do_not_stop_the_others(client: Any, proxy: S3Proxy, bucket: str, act: Act) -> None:
    for number in range(BROKEN + WHOLE):
        name = "broken" if number < BROKEN else "whole"
        client.put_object(Bucket=bucket, Key=f"in/{name}-{number:02}.wav", Body=b"RIFF")
    objects = list(media.list_objects(client, bucket, "in/"))
    proxy.on(act, "GET", "/broken-")
    errors = [item.error for item in run_normalize(objects, proxy.url).items if item.error]
    assert {error.failure_class for error in errors[:BROKEN]} == {"transient"}
    assert [error.code for error in errors[BROKEN:]] == ["truncated"] * WHOLE  # downloaded and read
    skipped = [error for error in errors if "skipped: S3 does not return it now" in error.message]
    tried = BROKEN - len(skipped)
    assert OUTAGE_AFTER <= tried < OUTAGE_AFTER + AT_ONCE
    asked = [path for _, path in proxy.asked if "/broken-" in path]
    assert len(asked) <= TRIES * tried + len(skipped)  # a skipped one is asked for once
