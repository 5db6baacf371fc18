"""A catalog, indexes and buckets for these tests alone on the real servers, and recordings to add."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.ledger import ledger
from mediaindex.contract.states import ObjectState
from mediaindex.search import Indexes, from_environment, prepare, publish_pending
from mediaindex.storage.artifacts import S3ArtifactStore
from mediaindex.storage.client import s3_client
from mediaindex.storage.media import list_objects
from mediaindex.upkeep.erasing import Stores
from tests.builders.databases import migrated_database
from tests.builders.recordings import Recorded, arrive, transcribe

NEEDED = ("MEDIAINDEX_DATABASE_URL", "MEDIAINDEX_S3_ENDPOINT_URL", "MEDIAINDEX_ELASTICSEARCH_URL")


@pytest.fixture(scope="module")
def catalog_url() -> Iterator[str]:
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"{', '.join(missing)} not set; `make up` starts the servers, `python -m local env` names them")
    yield from migrated_database(os.environ["MEDIAINDEX_DATABASE_URL"], "upkeep")


@pytest.fixture
def indexes() -> Iterator[Indexes]:
    client: Elasticsearch = from_environment()
    test_indexes = Indexes(f"test-{uuid.uuid4().hex[:12]}")
    prepare(client, test_indexes)
    yield test_indexes
    for name in client.indices.get(index=f"{test_indexes.prefix}-*"):
        client.indices.delete(index=name)
    client.indices.delete_index_template(name=f"{test_indexes.prefix}-*")
    client.cluster.delete_component_template(name=f"{test_indexes.prefix}-*")


@pytest.fixture
def buckets(catalog_url: str) -> Iterator[tuple[str, str]]:
    """One for media and one for artifacts."""
    assert catalog_url
    s3 = s3_client()
    names = tuple(f"mediaindex-test-{uuid.uuid4().hex[:12]}" for _ in range(2))
    for name in names:
        s3.create_bucket(Bucket=name)
    yield names[0], names[1]
    for name in names:
        for key in sorted((one.key for one in list_objects(s3, name)), key=len, reverse=True):
            s3.delete_object(Bucket=name, Key=key)
        s3.delete_bucket(Bucket=name)


@pytest.fixture
def stores(catalog_url: str, indexes: Indexes, buckets: tuple[str, str]) -> Iterator[Stores]:
    with connect(catalog_url) as conn:
        yield Stores(conn, from_environment(), s3_client(), buckets[1], indexes=indexes)
        with conn.cursor() as cursor:  # the next test starts empty: only the schema and lookup tables stay
            cursor.execute("set session_replication_role = replica")
            for table in (
                "erasure_audio", "erasure_object", "erasure", "publication", "transcript", "review_event",
                "review_item",
                "turn", "word", "topic", "topic_mention", "stage_run", "batch_item_stage", "batch_item",
                "media_object_event", "media_object", "recording", "batch",
            ):  # fmt: skip
                cursor.execute(f"delete from {table}")  # noqa: S608  # the names above


@pytest.fixture
def indexed(stores: Stores, buckets: tuple[str, str]) -> Callable[..., Recorded]:
    """``indexed(name, *turns)``: an object in the bucket, its artifacts, its transcript, published and settled."""
    audios: dict[str, str] = {}

    def build(name: str, *turns: str, same_as: str = "", publish: bool = True, **options: Any) -> Recorded:
        key = options.pop("key", f"in/{name}.wav")
        stores.s3.put_object(Bucket=buckets[0], Key=key, Body=name.encode())
        (listed,) = [one for one in list_objects(stores.s3, buckets[0], key) if one.key == key]
        audio = audios[name] = audios.get(same_as) or uuid.uuid4().hex * 2
        recorded = arrive(stores.conn, name, bucket=buckets[0], key=key, audio=audio, etag=listed.etag, **options)
        artifacts(stores, recorded)
        if not same_as:
            transcribe(stores.conn, recorded, *(turns or ("here is the weather", "and the news")))
            if publish:
                publish_pending(stores.conn, stores.search, indexes=stores.indexes)
                settle(stores, recorded)
        return replace(recorded, key=key)

    return build


def artifacts(stores: Stores, recorded: Recorded) -> None:
    """The artifacts of all stages."""
    store = S3ArtifactStore(stores.s3, stores.artifacts_bucket, stores.artifacts_prefix)
    fingerprint = "0f" * 16
    store.put(recorded.audio, "normalize", fingerprint, b"{}")
    store.put(recorded.audio, "transcribe", fingerprint, b'{"words": []}')
    place = f"{stores.artifacts_prefix}/{recorded.audio}/normalize/{fingerprint}.audio.flac"
    stores.s3.put_object(Bucket=stores.artifacts_bucket, Key=place, Body=b"flac")
    store.put_pointer("source", f"{recorded.id:064}", {"audio_sha256": recorded.audio, "fingerprint": fingerprint})


def settle(stores: Stores, recorded: Recorded) -> None:
    with stores.conn.cursor() as cursor:
        cursor.execute("update batch set dag_run_id = %s, started_at = now(), finished_at = now() where id = %s",
                       (f"run of {recorded.batch_id}", recorded.batch_id))  # fmt: skip
    ledger.set_state(stores.conn, recorded.id, ObjectState.INDEXED, stage="finish")
