"""Inspect one object as it is now (size, ETag, archive state, first bytes) and restore it from an archive."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .errors import GONE, answer_code, s3_errors
from .objects import Archived, Located, ObjectVersion, bare_etag

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import TierType

# GLACIER_IR needs no restore. Intelligent-Tiering may have moved an object to its archive tiers, which a listing does
# not show.
_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_INTELLIGENT = "INTELLIGENT_TIERING"
# The answer to a HEAD request has no body: only another request tells whether the key, the token or the policy is
# wrong.
_UNEXPLAINED = frozenset({"400", "403"})


def listed_class(storage_class: str | None) -> Archived:
    """The archive state by a listing's storage class, which does not change when an object is restored."""
    return "maybe" if storage_class in {*_ARCHIVES, _INTELLIGENT} else "no"


def look(client: S3Client, bucket: str, key: str) -> ObjectVersion | None:
    """The current object under the key; None if it does not exist or is a delete marker."""
    with s3_errors(f"s3://{bucket}/{key}"):
        try:
            head: Any = client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if answer_code(error) in GONE:
                return None
            if answer_code(error) in _UNEXPLAINED:
                client.get_object(Bucket=bucket, Key=key, Range="bytes=0-0")["Body"].close()
            raise
    version = head.get("VersionId")
    return ObjectVersion(
        bucket,
        key,
        bare_etag(head["ETag"]),
        version if version != "null" else None,  # objects written before versioning was enabled
        head["ContentLength"],
        head["LastModified"],
        _archived(head.get("StorageClass"), head.get("ArchiveStatus"), head.get("Restore")),
    )


def first_bytes(client: S3Client, source: Located, count: int = 16) -> bytes:
    """The first ``count`` bytes of exactly this version. Raises like ``media.download``."""
    version: dict[str, Any] = {"VersionId": source.version_id} if source.version_id else {}
    with s3_errors(f"s3://{source.bucket}/{source.key}"):
        answer = client.get_object(
            Bucket=source.bucket, Key=source.key, Range=f"bytes=0-{count - 1}", IfMatch=f'"{source.etag}"', **version
        )
        with closing(answer["Body"]) as body:  # its own ``with`` gives the raw stream, whose errors are urllib3's
            return body.read(count)


def restore(client: S3Client, source: Located, *, days: int, tier: TierType) -> None:
    """Request a readable copy from the archive for ``days``, which takes minutes to two days; may be repeated."""
    version: dict[str, Any] = {"VersionId": source.version_id} if source.version_id else {}
    what = f"s3://{source.bucket}/{source.key}"
    with s3_errors(what):
        try:
            client.restore_object(
                Bucket=source.bucket,
                Key=source.key,
                RestoreRequest={"Days": days, "GlacierJobParameters": {"Tier": tier}},
                **version,
            )
        except ClientError as error:
            code, text = answer_code(error), str(error)
            if code == "RestoreAlreadyInProgress":
                return
            # Intelligent-Tiering moves the object back permanently and does not accept a number of days.
            if code not in ("InvalidArgument", "MalformedXML") or "Days" not in text:
                raise
            client.restore_object(
                Bucket=source.bucket, Key=source.key, RestoreRequest={"GlacierJobParameters": {"Tier": tier}}, **version
            )


def _archived(storage_class: str | None, archive_status: str | None, restored: str | None) -> Archived:
    if restored and 'ongoing-request="true"' in restored:
        return "restoring"
    if storage_class in _ARCHIVES:
        return "no" if restored else "yes"  # a restored copy exists until its expiry date
    return "yes" if archive_status else "no"
