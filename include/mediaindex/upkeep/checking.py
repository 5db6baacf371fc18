"""Check that the servers, buckets and queues can be used: the part of ``mediaindex doctor`` that needs connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediaindex.catalog.base import health
from mediaindex.config import prefixes
from mediaindex.errors import MediaindexError
from mediaindex.storage import probes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from mediaindex.catalog import Connection
    from mediaindex.config.sources import Source


@dataclass(frozen=True, slots=True)
class Check:
    """``part`` and ``subject``: what was looked at; ``detail``: what was found, or what is wrong and what to do."""

    part: str
    subject: str
    ok: bool
    detail: str


def checked(part: str, subject: str, look: Callable[[], str]) -> Check:
    """The outcome of ``look``, which returns what it found and raises MediaindexError if something is wrong."""
    try:
        return Check(part, subject, True, look())
    except MediaindexError as error:
        return Check(part, subject, False, error.message)


def catalog(conn: Connection) -> Iterator[Check]:
    """Server, schema and rights of the catalog."""
    yield checked("catalog", "server", lambda: health.server(conn))
    schema = checked("catalog", "schema", lambda: health.schema(conn))
    yield schema
    if schema.ok:
        yield checked("catalog", "rights", lambda: health.rights(conn))


def search(client: Any) -> Iterator[Check]:
    """Server and indexes of Elasticsearch."""
    from mediaindex.search import setup

    server = checked("search", "server", lambda: setup.server(client))
    yield server
    if server.ok:
        yield checked("search", "indexes", lambda: setup.existing(client))


def storage(client: S3Client, artifacts_bucket: str, sources: Iterable[Source]) -> Iterator[Check]:
    """The bucket for artifacts, which is written to, and the prefix of each source, which is listed."""
    yield checked("storage", f"s3://{artifacts_bucket}", lambda: probes.writable(client, artifacts_bucket))
    for source in sources:
        prefix = prefixes.literal(source.prefix)
        look = _listing(client, source.bucket, prefix)
        yield checked("storage", f"source {source.name}: s3://{source.bucket}/{prefix}", look)


def queues(clients: Mapping[str, SQSClient]) -> Iterator[Check]:
    """Each queue that announces uploads, by its URL."""
    for url, client in clients.items():
        yield checked("queues", url, _depth(client, url))


def _listing(client: S3Client, bucket: str, prefix: str) -> Callable[[], str]:
    return lambda: probes.listable(client, bucket, prefix)


def _depth(client: SQSClient, url: str) -> Callable[[], str]:
    return lambda: probes.depth(client, url)
