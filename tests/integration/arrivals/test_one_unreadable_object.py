"""An object that S3 does not return waits alone with a reason; all others are claimed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.announce import message
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import SeenBy
from mediaindex.errors import MediaindexError
from mediaindex.orchestration import discovery, events
from mediaindex.orchestration.arrivals import Arrivals
from tests.builders.s3_proxy import S3Proxy, answers, hangs_up

pytestmark = pytest.mark.servers

Sources = Callable[..., Source]
States = Callable[[], dict[str, Any]]
ANSWERS = {
    "SSE-C": answers(400, "InvalidRequest"),
    "disabled-key": answers(400, "KMS.DisabledException"),
    "missing-key": answers(400, "KMS.NotFoundException"),
    "method": answers(405, "MethodNotAllowed"),
    "conflict": answers(409, "OperationAborted"),
    "denied": answers(403, "AccessDenied"),
    "broken": answers(500, "InternalError"),
    "reset": hangs_up,
}


@pytest.fixture(params=ANSWERS)
def bad(request: pytest.FixtureRequest, proxy: S3Proxy) -> str:
    """The key of the object that S3 does not return."""
    for method in ("GET", "HEAD"):
        proxy.on(ANSWERS[request.param], method, "/bad.wav")
    return "bad.wav"


def run(conn: Any, client: Any, source: Source, *, clock: Any = None) -> int:
    arrivals = Arrivals(conn, client, source, SeenBy.LISTING, **({"clock": clock} if clock else {}))
    arrivals.look_again()
    discovery.take_listing(arrivals, "")
    return arrivals.claimed


def wake(conn: Any, bucket: str) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute("update media_object set not_before = null where bucket = %s", (bucket,))


def reason(conn: Any, bucket: str, key: str) -> str:
    with conn, conn.cursor() as cursor:
        cursor.execute("select reason from media_object where (bucket, key) = (%s, %s)", (bucket, key))
        return str(cursor.fetchone()[0])


def test_a_listing_claims_the_others_in_every_run(
    conn: Any, through: Any, put: Callable[..., None], source: Sources, states: States, bucket: str, bad: str
) -> None:
    put("a.wav", bad, "c.wav")
    assert run(conn, through, source()) == 2
    assert states() == {"a.wav": "claimed", bad: ("seen", "refused"), "c.wav": "claimed"}
    assert f"s3://{bucket}/{bad}" in reason(conn, bucket, bad)
    put("d.wav")
    wake(conn, bucket)
    assert run(conn, through, source()) == 1
    assert states()[bad] == ("seen", "refused")


def test_it_is_claimed_as_soon_as_it_can_be_read(
    conn: Any, through: Any, proxy: S3Proxy, put: Callable[..., None], source: Sources, bucket: str, bad: str
) -> None:
    put(bad)
    assert run(conn, through, source()) == 0
    proxy.begin()
    wake(conn, bucket)
    assert run(conn, through, source()) == 1


@pytest.mark.usefixtures("connections")
def test_an_announcement_of_it_does_not_hold_up_the_queue(
    conn: Any,
    through: Any,
    proxy: S3Proxy,
    sqs: Any,
    queue: str,
    put: Callable[..., None],
    source: Sources,
    states: States,
    bucket: str,
    bad: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert through
    monkeypatch.setattr("mediaindex.storage.client.s3_client", lambda: through)
    put(bad, "a.wav")
    configuration = Configuration(sources=(source(),), event_queues=(queue,))
    for key, claimed in ((bad, 0), ("a.wav", 1)):
        sqs.send_message(QueueUrl=queue, MessageBody=message(bucket, key))
        assert events.receive(configuration, {}).claimed == claimed
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    assert set(left.values()) == {"0"}
    assert states() == {bad: ("seen", "refused"), "a.wav": "claimed"}


def test_it_stops_waiting_if_its_source_excludes_it(
    conn: Any, through: Any, put: Callable[..., None], source: Sources, states: States, bucket: str, bad: str
) -> None:
    put(bad)
    run(conn, through, source())
    wake(conn, bucket)
    assert run(conn, through, source(exclude=["bad*"])) == 0
    assert states() == {bad: ("gone", "excluded")}


def test_what_waits_in_a_former_bucket_does_not_stop_its_source(
    conn: Any, through: Any, proxy: S3Proxy, put: Callable[..., None], source: Sources, states: States, bucket: str
) -> None:
    put("a.wav", body=bytes(10))
    run(conn, through, source())
    wake(conn, bucket)
    proxy.on(answers(404, "NoSuchBucket"), part=f"/{bucket}/")
    moved = source(bucket=f"{bucket}-new")
    Arrivals(conn, through, moved, SeenBy.LISTING).look_again()
    assert states() == {"a.wav": ("gone", "excluded")}


def test_its_date_in_the_ledger_stays_that_of_the_object(
    conn: Any, through: Any, put: Callable[..., None], source: Sources, bucket: str, bad: str
) -> None:
    put(bad)
    for _ in range(2):
        run(conn, through, source())
        wake(conn, bucket)
    with conn, conn.cursor() as cursor:
        cursor.execute("select last_modified from media_object where bucket = %s", (bucket,))
        assert datetime.now(UTC) - cursor.fetchone()[0] < timedelta(hours=1)


def test_an_outage_of_s3_is_not_an_error_of_each_object(
    conn: Any, through: Any, proxy: S3Proxy, put: Callable[..., None], source: Sources, states: States, bucket: str
) -> None:
    put("a.wav", body=bytes(10))
    run(conn, through, source())
    wake(conn, bucket)
    proxy.on(answers(500, "InternalError"))
    with pytest.raises(MediaindexError) as caught:
        run(conn, through, source())
    assert (caught.value.code, states()) == ("s3_busy", {"a.wav": ("seen", "unwritten")})


def test_after_many_failures_in_a_row_the_rest_is_not_read(
    conn: Any,
    through: Any,
    proxy: S3Proxy,
    put: Callable[..., None],
    source: Sources,
    states: States,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mediaindex.orchestration.reads.SKIP_AFTER", 2)
    monkeypatch.setattr("mediaindex.orchestration.arrivals.LOOKS_AT_ONCE", 1)
    put(*(f"x/{number:02}.wav" for number in range(12)))
    proxy.on(answers(500, "InternalError"), part="/x/")
    run(conn, through, source())
    assert set(states().values()) == {("seen", "refused")}
    assert len({path for _, path in proxy.asked if "/x/" in path}) == 2


def test_many_unreadable_objects_do_not_block_the_others(
    conn: Any,
    through: Any,
    proxy: S3Proxy,
    put: Callable[..., None],
    source: Sources,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mediaindex.orchestration.reads.SKIP_AFTER", 1)
    monkeypatch.setattr("mediaindex.orchestration.arrivals.LOOKS_AT_ONCE", 1)
    put("a1.wav", "a2.wav", "b.wav")
    proxy.on(answers(500, "InternalError"), part="/a")
    for _ in range(60):  # in each, another order
        if run(conn, through, source()):
            return
        wake(conn, bucket)
    pytest.fail("b.wav was never read")
