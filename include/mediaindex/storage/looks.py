"""Inspect one object as it is now (size, ETag, archive state, first bytes) and restore it from an archive."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError

from .errors import GONE, answer_code, s3_errors
from .objects import Archived, Located, ObjectVersion, bare_etag

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import TierType

# GLACIER_IR needs no restore. Intelligent-Tiering may have moved an object to its archive tiers, which a listing does
# not show.
_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_INTELLIGENT = "INTELLIGENT_TIERING"
# Errors of every request with this connection, or to this bucket: no single object is at fault.
_OF_EVERYTHING = frozenset(
    {
        ErrorCode.S3_CREDENTIALS,
        ErrorCode.S3_TOKEN_EXPIRED,
        ErrorCode.S3_CLOCK,
        ErrorCode.NO_BUCKET,
        ErrorCode.UNTRUSTED_CERTIFICATE,
    }
)
# Errors of S3 itself, after retries. They may concern one object alone: a damaged one, or one part of a server.
OF_SERVER = frozenset({ErrorCode.S3_BUSY, ErrorCode.S3_SLOW, ErrorCode.S3_UNREACHABLE})
_EMPTY = frozenset({"InvalidRange", "416"})  # the answer to a range of an empty object


@dataclass(frozen=True, slots=True)
class Inspection:
    """An object as it is now; ``version`` is None if it does not exist.

    ``refusal``: why S3 does not return the object although it answers other requests. ``version`` is then the one of a
    listing, or None if listings are refused as well.
    """

    version: ObjectVersion | None
    refusal: MediaindexError | None = None


def listed_class(storage_class: str | None) -> Archived:
    """The archive state by a listing's storage class, which does not change when an object is restored."""
    return "maybe" if storage_class in {*_ARCHIVES, _INTELLIGENT} else "no"


def head(client: S3Client, bucket: str, key: str) -> Any:
    """The answer to a HEAD request; None if the object does not exist. Call it inside of ``s3_errors``.

    An error in an answer to HEAD has no body. Another request tells whether the object, the bucket, the token or the
    policy is the cause.
    """
    try:
        return client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if answer_code(error) in GONE:
            return None
        if not answer_code(error).startswith("4"):
            raise
        try:
            client.get_object(Bucket=bucket, Key=key, Range="bytes=0-0")["Body"].close()
        except ClientError as explained:
            if answer_code(explained) in GONE:
                return None
            if answer_code(explained) not in _EMPTY:
                raise
        raise


def look(client: S3Client, bucket: str, key: str) -> ObjectVersion | None:
    """The current object under the key; None if it does not exist or is a delete marker."""
    with s3_errors(f"s3://{bucket}/{key}"):
        answer = head(client, bucket, key)
    if answer is None:
        return None
    version = answer.get("VersionId")
    return ObjectVersion(
        bucket,
        key,
        bare_etag(answer["ETag"]),
        version if version != "null" else None,  # objects written before versioning was enabled
        answer["ContentLength"],
        answer["LastModified"],
        _archived(answer.get("StorageClass"), answer.get("ArchiveStatus"), answer.get("Restore")),
    )


def inspect(client: S3Client, bucket: str, key: str) -> Inspection:
    """``look``; an error of this object alone is part of the result.

    Raises the error if it concerns more than this object: S3 is away, or refuses everything.
    """
    try:
        return Inspection(look(client, bucket, key))
    except MediaindexError as error:
        if error.code in _OF_EVERYTHING:
            raise
        try:
            version = listed(client, bucket, key)
        except ConfigError as refused:
            if refused.code != ErrorCode.S3_REFUSED:
                raise
            return Inspection(None, error)
        return Inspection(version, error if version else None)


def listed(client: S3Client, bucket: str, key: str) -> ObjectVersion | None:
    """The object under the key as a listing shows it, which needs no access to its bytes."""
    with s3_errors(f"s3://{bucket}/{key}"):
        answer = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    return next((of_listing(bucket, entry) for entry in answer.get("Contents", []) if entry["Key"] == key), None)


def of_listing(bucket: str, entry: Any) -> ObjectVersion:
    """An entry of a listing. Listings have no version ids."""
    return ObjectVersion(
        bucket,
        entry["Key"],
        bare_etag(entry["ETag"]),
        None,
        entry["Size"],
        entry["LastModified"],
        listed_class(entry.get("StorageClass")),
    )


def concerns_everything(client: S3Client, bucket: str, key: str, error: MediaindexError) -> bool:
    """Whether the error would meet other objects too: S3 is away, or refuses everything."""
    if error.code not in OF_SERVER:
        return error.code in _OF_EVERYTHING
    try:
        listed(client, bucket, key)
    except MediaindexError:
        return True
    return False


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
