"""A bucket that does not exist, or a server that is not S3, does not make objects ``gone``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from local.announce import message
from mediaindex.catalog.ledger import ledger
from mediaindex.config.sources import Configuration, Source
from mediaindex.contract.states import ObjectState, SeenBy
from mediaindex.errors import MediaindexError
from mediaindex.orchestration import discovery, events
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.storage import deletions, looks, media
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.queue import Message
from tests.builders.s3_proxy import Answer, S3Proxy, answers, give

pytestmark = pytest.mark.servers

Sources = Callable[..., Source]


def not_s3(request: Any, _forward: Any) -> None:
    """A web server at the endpoint."""
    body = b"" if request.command == "HEAD" else b"<html><h1>404 Not Found</h1></html>"
    give(request, Answer(404, [("Content-Type", "text/html"), ("Content-Length", str(len(body)))], body))


@pytest.fixture(params=["no-bucket", "not-s3"])
def missing(request: pytest.FixtureRequest, proxy: S3Proxy) -> Callable[[], str]:
    """Make the bucket disappear; the code of the error."""

    def build() -> str:
        proxy.on(answers(404, "NoSuchBucket") if request.param == "no-bucket" else not_s3)
        return "no_bucket" if request.param == "no-bucket" else "s3_error"

    return build


def test_an_announcement_that_is_delivered_again_withdraws_nothing(
    conn: Any,
    through: Any,
    put: Callable[..., None],
    source: Sources,
    bucket: str,
    states: Callable[[], Any],
    missing: Callable[[], str],
) -> None:
    put("a.wav")
    discovery.take_listing(Arrivals(conn, through, source(), SeenBy.LISTING), "")
    (claimed,) = ledger.find(conn, bucket=bucket)
    ledger.set_state(conn, claimed.id, ObjectState.IN_REVIEW)
    code = missing()
    with pytest.raises(MediaindexError) as caught:
        events.take(conn, through, Configuration(sources=(source(),)), [Message(message(bucket, "a.wav"), "")])
    assert (caught.value.code, states()) == (code, {"a.wav": "in_review"})


def test_waiting_objects_keep_waiting(
    conn: Any,
    through: Any,
    put: Callable[..., None],
    source: Sources,
    bucket: str,
    states: Callable[[], Any],
    missing: Callable[[], str],
) -> None:
    put("a.wav", body=bytes(10))
    discovery.take_listing(Arrivals(conn, through, source(), SeenBy.LISTING), "")
    with conn, conn.cursor() as cursor:
        cursor.execute("update media_object set not_before = null where bucket = %s", (bucket,))
    code = missing()
    with pytest.raises(MediaindexError) as caught:
        Arrivals(conn, through, source(), SeenBy.LISTING).look_again()
    assert (caught.value.code, states()) == (code, {"a.wav": ("seen", "unwritten")})


def test_no_part_of_the_storage_takes_it_for_a_missing_object(
    through: Any, client: Any, put: Callable[..., None], bucket: str, tmp_path: Any, missing: Callable[[], str]
) -> None:
    put("a.wav")
    (version,) = media.list_objects(client, bucket)
    store = S3ArtifactStore(through, bucket)
    artifact = ("ab" * 32, "diarize", "0f" * 16)
    code = missing()
    for deed in (
        lambda: looks.look(through, bucket, "a.wav"),
        lambda: deletions.written_at(through, bucket, "a.wav", version.etag),
        lambda: deletions.delete_object(through, bucket, "a.wav", version.etag),
        lambda: media.download(through, version, tmp_path / "a"),
        lambda: store.exists(*artifact),
        lambda: store.get(*artifact),
        lambda: store.get_file(*artifact, "audio.flac", tmp_path / "b"),
    ):
        with pytest.raises(MediaindexError) as caught:
            deed()
        assert caught.value.code == code


def test_an_object_that_does_not_exist_is_missing(client: Any, bucket: str, tmp_path: Any) -> None:
    store = S3ArtifactStore(client, bucket)
    artifact = ("ab" * 32, "diarize", "0f" * 16)
    assert looks.look(client, bucket, "a.wav") is None
    assert deletions.written_at(client, bucket, "a.wav", "e") is None
    assert not store.exists(*artifact)
    assert store.get(*artifact) is None
    assert not store.get_file(*artifact, "audio.flac", tmp_path / "b")


@pytest.mark.usefixtures("connections")
def test_the_messages_of_other_buckets_are_processed(
    conn: Any,
    client: Any,
    sqs: Any,
    queue: str,
    put: Callable[..., None],
    source: Sources,
    bucket: str,
    states: Callable[[], Any],
) -> None:
    put("a.wav")
    gone = f"{bucket}-gone"
    sources = (source(), Source.model_validate({"name": "lost", "bucket": gone}))
    for place in (gone, bucket):
        sqs.send_message(QueueUrl=queue, MessageBody=message(place, "a.wav"))
    with pytest.raises(MediaindexError, match=gone):
        events.receive(Configuration(sources=sources, event_queues=(queue,)), {})
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    assert sum(map(int, left.values())) == 1
    assert states() == {"a.wav": "claimed"}
