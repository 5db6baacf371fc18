"""List recordings in buckets, and download exactly the version that was listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from s3transfer.manager import TransferConfig, TransferManager
from s3transfer.subscribers import BaseSubscriber

from mediaindex.errors import ConfigError, ErrorCode, TransientError

from . import refusals
from .errors import s3_errors
from .looks import of_listing
from .objects import Located, ObjectVersion

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TRANSFER = TransferConfig(max_request_concurrency=4, num_download_attempts=5)


class Downloader(Protocol):
    """A callable that downloads an object to a path, such as ``download`` with its client bound."""

    def __call__(self, source: Located, target: Path) -> None:
        """Write the object's bytes to ``target``."""
        ...


def list_objects(
    client: S3Client, bucket: str, prefix: str = "", start_after: str | None = None
) -> Iterator[ObjectVersion]:
    """Every object under ``prefix``, in order of key, after ``start_after``; one request per 1,000 objects.

    Folder markers (empty objects whose key ends in a slash) are left out. Listings have no version ids.
    """
    for page in pages(client, bucket, prefix, start_after):
        yield from page


def pages(
    client: S3Client, bucket: str, prefix: str = "", start_after: str | None = None
) -> Iterator[list[ObjectVersion]]:
    """``list_objects`` by page: at most 1,000 objects per page, so that memory is bounded."""
    options: dict[str, Any] = {"StartAfter": start_after} if start_after else {}
    with s3_errors(f"s3://{bucket}/{prefix}"):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **options):
            yield [
                of_listing(bucket, entry)
                for entry in page.get("Contents", [])
                if entry["Size"] or not entry["Key"].endswith("/")
            ]


def download(client: S3Client, source: Located, target: Path) -> None:
    """Download exactly this version to ``target``: streamed, large objects in parallel parts, broken parts again.

    The target is written whole or not at all. Raises TerminalError ``gone``, ``changed`` (the ETag differs) or
    ``archived``; ConfigError ``s3_refused`` if this object alone is refused; TransientError if S3 cannot be reached,
    is too slow or breaks off, or refuses everything in the bucket (``s3_access``).
    """
    what = f"s3://{source.bucket}/{source.key}"
    try:
        with s3_errors(what):
            _transfer(client, source, target)
    except ConfigError as error:
        if error.code != ErrorCode.S3_REFUSED:
            raise
        raise refusals.judged(client, source, error) from error
    if (size := target.stat().st_size) != source.size:
        target.unlink()
        raise TransientError(
            f"{what}: received {size} bytes instead of {source.size}; try again", code=ErrorCode.S3_INCOMPLETE
        )


def _transfer(client: S3Client, source: Located, target: Path) -> None:
    extra = {"VersionId": source.version_id} if source.version_id else {}
    with TransferManager(client, _TRANSFER) as manager:
        future = manager.download(
            source.bucket, source.key, str(target), extra_args=extra, subscribers=[_KnownObject(source)]
        )
        future.result()


class _KnownObject(BaseSubscriber):
    """Gives the transfer size and ETag in advance: this saves the HEAD request, and each part is read with If-Match."""

    def __init__(self, source: Located) -> None:
        self._source = source

    def on_queued(self, future: Any, **_options: Any) -> None:
        future.meta.provide_transfer_size(self._source.size)
        future.meta.provide_object_etag(f'"{self._source.etag}"')
