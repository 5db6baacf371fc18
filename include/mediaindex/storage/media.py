"""Recordings in buckets: listing them, and reading exactly the version that was listed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from s3transfer.manager import TransferConfig, TransferManager
from s3transfer.subscribers import BaseSubscriber

from mediaindex.errors import ConfigError, ErrorCode, TransientError

from . import refusals
from .errors import s3_errors
from .looks import listed_class
from .objects import Located, ObjectVersion, bare_etag

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_TRANSFER = TransferConfig(max_request_concurrency=4, num_download_attempts=5)


class Downloader(Protocol):
    """Anything that brings an object to a path; ``download`` with its client bound is one."""

    def __call__(self, source: Located, target: Path) -> None:
        """Write the object's bytes to ``target``."""
        ...


def list_objects(
    client: S3Client, bucket: str, prefix: str = "", start_after: str | None = None
) -> Iterator[ObjectVersion]:
    """Every object under ``prefix``, in order of key, after ``start_after``; one request a thousand objects.

    Folder markers (empty objects whose key ends in a slash) are left out. Listings carry no version ids.
    """
    for page in pages(client, bucket, prefix, start_after):
        yield from page


def pages(
    client: S3Client, bucket: str, prefix: str = "", start_after: str | None = None
) -> Iterator[list[ObjectVersion]]:
    """``list_objects``, a request at a time: at most a thousand objects each, so that memory stays flat."""
    options: dict[str, Any] = {"StartAfter": start_after} if start_after else {}
    with s3_errors(f"s3://{bucket}/{prefix}"):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **options):
            yield [
                ObjectVersion(
                    bucket,
                    entry["Key"],
                    bare_etag(entry["ETag"]),
                    None,
                    entry["Size"],
                    entry["LastModified"],
                    listed_class(entry.get("StorageClass")),
                )
                for entry in page.get("Contents", [])
                if entry["Size"] or not entry["Key"].endswith("/")
            ]


def download(client: S3Client, source: Located, target: Path) -> None:
    """Bring exactly this version to ``target``: streamed, large objects in parallel parts, broken parts again.

    The target appears whole or not at all. Raises TerminalError ``gone``, ``changed`` (another ETag now) or
    ``archived``, ConfigError ``s3_refused`` (this object alone); TransientError where S3 cannot be reached, sends too
    slowly or breaks off, or where it refuses everything there (``s3_access``).
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
            f"{what}: {size} bytes came instead of {source.size}; try again", code=ErrorCode.S3_INCOMPLETE
        )


def _transfer(client: S3Client, source: Located, target: Path) -> None:
    extra = {"VersionId": source.version_id} if source.version_id else {}
    with TransferManager(client, _TRANSFER) as manager:
        future = manager.download(
            source.bucket, source.key, str(target), extra_args=extra, subscribers=[_KnownObject(source)]
        )
        future.result()


class _KnownObject(BaseSubscriber):
    """Tells the transfer size and ETag beforehand: no HEAD request, and each part is read under If-Match."""

    def __init__(self, source: Located) -> None:
        self._source = source

    def on_queued(self, future: Any, **_options: Any) -> None:
        future.meta.provide_transfer_size(self._source.size)
        future.meta.provide_object_etag(f'"{self._source.etag}"')
