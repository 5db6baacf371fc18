"""Airflow, as ``make up`` starts it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import psutil
import pytest

from local import settings
from local.airflow import ApiServer, DagProcessor, Scheduler, Triggerer, _api, _token
from local.http import request
from local.site import ServerError, Site
from tests.builders.waiting import SOON_S, until

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def site() -> Site:
    site = Site(settings.load())
    if not ApiServer(site).running():
        pytest.skip("the servers are not running: `make up`")
    return site


def test_each_component_is_a_healthy_process_of_its_own(site: Site) -> None:
    pids = set()
    for part in (ApiServer(site), Scheduler(site), DagProcessor(site), Triggerer(site)):
        running = part.running()
        assert running, part.name
        until(partial(part.healthy, running), SOON_S, f"{part.name} is healthy")
        pids.add(running.pid)
    assert len(pids) == 4


def test_the_api_requires_the_generated_password(site: Site) -> None:
    assert status(f"{_api(site)}/pools", token=_token(site)) == 200
    assert status(f"{_api(site)}/pools") == 401


def test_slots_of_a_pool_that_were_changed_stay_at_the_next_start(site: Site) -> None:
    pool = f"{_api(site)}/pools/podcasts"
    before = answer(site, pool)["slots"]
    body = {"pool": "podcasts", "include_deferred": False}
    try:
        answer(site, pool, method="PATCH", body=body | {"slots": before + 3})
        until(partial(_starts, site), SOON_S, "the pools are created")
        assert answer(site, pool)["slots"] == before + 3
    finally:
        answer(site, pool, method="PATCH", body=body | {"slots": before})


def _starts(site: Site) -> bool:
    with suppress(ServerError):  # a busy server may answer too late
        ApiServer(site).ready()
        return True
    return False


def answer(site: Site, url: str, **options: Any) -> Any:
    """The first answer; see ``status``."""
    return until(lambda: request(url, token=_token(site), **options)[1], SOON_S, f"an answer of {url}")


def status(url: str, token: str | None = None) -> int:
    """The first status that is not 0: on a busy machine a request may time out after two seconds."""
    return until(lambda: request(url, token=token)[0], SOON_S, f"an answer of {url}")


def test_airflow_listens_on_loopback_only(site: Site) -> None:
    pids = set()
    for part in (ApiServer(site), Scheduler(site), DagProcessor(site), Triggerer(site)):
        leader = psutil.Process(part.running().pid)  # type: ignore[union-attr]
        pids |= {leader.pid, *(child.pid for child in leader.children(recursive=True))}
    listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.pid in pids]
    assert {connection.laddr[0] for connection in listening if connection.laddr} == {"127.0.0.1"}
