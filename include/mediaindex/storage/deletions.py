"""Removing for good: objects with their older versions, all artifacts of an audio, and the pointers to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mediaindex.errors import ConfigError, ErrorCode, TransientError

from . import layout
from .errors import GONE, answer_code, s3_errors
from .objects import bare_etag

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 1_000  # keys a request may delete
POINTER_KIND = "source"
_PAYLOAD, _PROXY = ".json.gz", ".flac"
_NO_VERSIONS = frozenset({"NotImplemented", "501", "MethodNotAllowed"})  # servers that know none


def delete_object(client: S3Client, bucket: str, key: str, etag: str | None = None) -> int:
    """Remove this version of the object and those before it, or all there are without an ``etag``; how many.

    Those before it go too: the newest that is left is what the bucket would show. What is not there is no error.
    """
    with s3_errors(f"s3://{bucket}/{key}"):
        if not is_versioned(client, bucket):
            return _delete_only(client, bucket, key, etag)
        found = [one for one in _versions(client, bucket, key) if one["Key"] == key]
        versions = [one for one in found if "ETag" in one]
        ours = versions
        if etag is not None:
            limit = max((_when(one) for one in versions if bare_etag(one["ETag"]) == etag), default=None)
            ours = [] if limit is None else [one for one in versions if _when(one) <= limit]
        markers = [one for one in found if "ETag" not in one] if len(ours) == len(versions) else []
        _delete(client, bucket, (*ours, *markers))
        return len(ours)


def delete_artifacts(client: S3Client, bucket: str, audio_sha256: str, prefix: str = "artifacts") -> int:
    """Remove everything that was computed from the audio; how many objects."""
    return _delete_under(client, bucket, f"{prefix}/{audio_sha256}/")


def delete_proxies(client: S3Client, bucket: str, audio_sha256: str, prefix: str = "artifacts") -> int:
    """Remove the normalised audio and keep what was computed from it; how many files."""
    return _delete_under(client, bucket, f"{prefix}/{audio_sha256}/normalize/", _PROXY)


def delete_pointers(client: S3Client, bucket: str, audios: Iterable[str], prefix: str = "artifacts") -> int:
    """Remove what leads from objects to these audios; how many. Before the artifacts go: they tell what to look for.

    Pointers are found by the hash of what they must say, which is their ETag; where it is not, each is read.
    """
    bodies = {
        layout.pack_pointer({"audio_sha256": audio, "fingerprint": mark})
        for audio in audios
        for mark in _marks(client, bucket, f"{prefix}/{audio}/normalize/")
    }
    if not bodies:
        return 0
    etags = {hashlib.md5(body, usedforsecurity=False).hexdigest() for body in bodies}
    place = f"{prefix}/pointers/{POINTER_KIND}/"
    ours: list[dict[str, str]] = []
    plain: bool | None = None
    with s3_errors(f"s3://{bucket}/{place}"):
        for one in _list(client, bucket, place):
            if plain is None:
                plain = hashlib.md5(_body(client, bucket, one["Key"]), usedforsecurity=False).hexdigest() == _etag(one)
            if _etag(one) in etags if plain else _body(client, bucket, one["Key"]) in bodies:
                ours.append({"Key": one["Key"]})
        return sum(_delete_under(client, bucket, one["Key"]) for one in ours)


def audios_with_artifacts(client: S3Client, bucket: str, prefix: str = "artifacts") -> Iterator[str]:
    """The hash of each audio that has artifacts, in order; one request a thousand."""
    with s3_errors(f"s3://{bucket}/{prefix}/"):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/", Delimiter="/")
        for page in pages:
            for folder in page.get("CommonPrefixes", []):
                name = folder["Prefix"].removeprefix(f"{prefix}/").rstrip("/")
                if name != "pointers":
                    yield name


def newest_artifact(client: S3Client, bucket: str, audio_sha256: str, prefix: str = "artifacts") -> datetime | None:
    """When the youngest artifact of the audio was written; None where there is none."""
    with s3_errors(f"s3://{bucket}/{prefix}/{audio_sha256}/"):
        return max((_when(one) for one in _list(client, bucket, f"{prefix}/{audio_sha256}/")), default=None)


def is_versioned(client: S3Client, bucket: str) -> bool:
    """Whether the bucket keeps, or ever kept, versions."""
    try:
        return bool(client.get_bucket_versioning(Bucket=bucket).get("Status"))
    except ClientError as error:
        if answer_code(error) in _NO_VERSIONS:
            return False
        raise


def exists(client: S3Client, bucket: str, key: str) -> bool:
    """Whether an object lies under the key now."""
    with s3_errors(f"s3://{bucket}/{key}"):
        return _head(client, bucket, key) is not None


def _delete_only(client: S3Client, bucket: str, key: str, etag: str | None) -> int:
    there = _head(client, bucket, key)
    if there is None:
        return 0
    if etag not in (None, there):
        return 0  # something newer lies there
    client.delete_object(Bucket=bucket, Key=key)
    return 1


def _head(client: S3Client, bucket: str, key: str) -> str | None:
    """The ETag of what lies there."""
    try:
        return bare_etag(client.head_object(Bucket=bucket, Key=key)["ETag"])
    except ClientError as error:
        if answer_code(error) in GONE:
            return None
        raise


def _delete_under(client: S3Client, bucket: str, prefix: str, ending: str = "") -> int:
    """Every version of every key that begins and ends so; how many."""
    with s3_errors(f"s3://{bucket}/{prefix}"):
        listed = _versions(client, bucket, prefix) if is_versioned(client, bucket) else _list(client, bucket, prefix)
        ours = [one for one in listed if one["Key"].endswith(ending)]
        _delete(client, bucket, ours)
        return len(ours)


def _delete(client: S3Client, bucket: str, found: Iterable[dict[str, Any]]) -> None:
    names = [{part: one[part] for part in ("Key", "VersionId") if part in one} for one in found]
    for start in range(0, len(names), PAGE):
        answer = client.delete_objects(
            Bucket=bucket,
            Delete={"Objects": names[start : start + PAGE], "Quiet": True},  # type: ignore[typeddict-item]
        )
        for error in answer.get("Errors", []):
            if error.get("Code") not in GONE:
                raise _refused(bucket, error)


def _refused(bucket: str, error: Any) -> ConfigError | TransientError:
    what = f"s3://{bucket}/{error.get('Key')}: S3 does not delete it ({error.get('Code')}: {error.get('Message')})"
    if error.get("Code") == "AccessDenied":
        return ConfigError(
            f"{what}; the policy must allow s3:DeleteObject and s3:DeleteObjectVersion, and no lock may hold it",
            code=ErrorCode.S3_REFUSED,
        )
    return TransientError(f"{what}; try again", code=ErrorCode.S3_BUSY)


def _list(client: S3Client, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])  # type: ignore[misc]


def _versions(client: S3Client, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """Versions and delete markers; the latter have no ETag."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Versions", [])  # type: ignore[misc]
        yield from page.get("DeleteMarkers", [])  # type: ignore[misc]


def _marks(client: S3Client, bucket: str, folder: str) -> list[str]:
    """Fingerprints of the audio's normalisations."""
    with s3_errors(f"s3://{bucket}/{folder}"):
        names = [one["Key"].removeprefix(folder) for one in _list(client, bucket, folder)]
    return [name.removesuffix(_PAYLOAD) for name in names if name.endswith(_PAYLOAD)]


def _body(client: S3Client, bucket: str, key: str) -> bytes:
    return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def _etag(one: dict[str, Any]) -> str:
    return bare_etag(one["ETag"])


def _when(one: dict[str, Any]) -> datetime:
    moment: datetime = one["LastModified"]
    return moment
