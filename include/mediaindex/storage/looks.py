"""A look at one object as it is now: size, ETag, whether it lies in an archive, its first bytes; and asking it back."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .errors import GONE, answer_code, s3_errors
from .objects import Archived, Located, ObjectVersion, bare_etag

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import TierType

# GLACIER_IR is read like any other. Intelligent-Tiering may have moved an object to its archive tiers; a listing does
# not say so.
_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_INTELLIGENT = "INTELLIGENT_TIERING"
# The answer to a HEAD has no body: whether the key, the token or the policy is wrong, only another request tells.
_UNSAID = frozenset({"400", "403"})


def listed_class(storage_class: str | None) -> Archived:
    """What a listing's storage class tells; a restored copy still goes by the name of its archive there."""
    return "maybe" if storage_class in {*_ARCHIVES, _INTELLIGENT} else "no"


def look(client: S3Client, bucket: str, key: str) -> ObjectVersion | None:
    """The object that lies under the key now, None where there is none (or a delete marker)."""
    with s3_errors(f"s3://{bucket}/{key}"):
        try:
            told: Any = client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if answer_code(error) in GONE:
                return None
            if answer_code(error) in _UNSAID:
                client.get_object(Bucket=bucket, Key=key, Range="bytes=0-0")["Body"].close()
            raise
    version = told.get("VersionId")
    return ObjectVersion(
        bucket,
        key,
        bare_etag(told["ETag"]),
        version if version != "null" else None,  # objects from before the bucket kept versions
        told["ContentLength"],
        told["LastModified"],
        _archived(told.get("StorageClass"), told.get("ArchiveStatus"), told.get("Restore")),
    )


def first_bytes(client: S3Client, one: Located, count: int = 16) -> bytes:
    """The first ``count`` bytes of exactly this version; raises as ``media.download`` does."""
    version: dict[str, Any] = {"VersionId": one.version_id} if one.version_id else {}
    with s3_errors(f"s3://{one.bucket}/{one.key}"):
        answer = client.get_object(
            Bucket=one.bucket, Key=one.key, Range=f"bytes=0-{count - 1}", IfMatch=f'"{one.etag}"', **version
        )
        with closing(answer["Body"]) as body:  # its own ``with`` would give out the bare stream, and its bare errors
            return body.read(count)


def ask_back(client: S3Client, one: Located, *, days: int, tier: TierType) -> None:
    """Request a readable copy from the archive for some days, which takes minutes to two days; may be repeated."""
    version: dict[str, Any] = {"VersionId": one.version_id} if one.version_id else {}
    what = f"s3://{one.bucket}/{one.key}"
    with s3_errors(what):
        try:
            client.restore_object(
                Bucket=one.bucket,
                Key=one.key,
                RestoreRequest={"Days": days, "GlacierJobParameters": {"Tier": tier}},
                **version,
            )
        except ClientError as error:
            code, text = answer_code(error), str(error)
            if code == "RestoreAlreadyInProgress":
                return
            # Intelligent-Tiering moves the object back for good, and takes no number of days.
            if code not in ("InvalidArgument", "MalformedXML") or "Days" not in text:
                raise
            client.restore_object(
                Bucket=one.bucket, Key=one.key, RestoreRequest={"GlacierJobParameters": {"Tier": tier}}, **version
            )


def _archived(storage_class: str | None, archive_status: str | None, restore: str | None) -> Archived:
    if restore and 'ongoing-request="true"' in restore:
        return "restoring"
    if storage_class in _ARCHIVES:
        return "no" if restore else "yes"  # a copy is there until its expiry date
    return "yes" if archive_status else "no"
