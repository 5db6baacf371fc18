"""Delete permanently: objects with their older versions, all artifacts of an audio, and the pointers to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mediaindex.errors import ConfigError, ErrorCode, TransientError

from . import layout, looks
from .errors import GONE, answer_code, s3_errors
from .objects import bare_etag

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PAGE = 1_000  # keys per delete request; the limit of S3
POINTER_KIND = "source"
_PAYLOAD, _PROXY = ".json.gz", ".flac"
_NO_VERSIONS = frozenset({"NotImplemented", "501", "MethodNotAllowed"})  # servers without versioning


def delete_object(
    client: S3Client, bucket: str, key: str, etag: str | None = None, before: datetime | None = None
) -> int:
    """Delete this version of the object and all earlier ones, or all versions if ``etag`` is None; how many.

    Earlier versions are deleted too, because the bucket would otherwise show the newest of them. A missing object is
    not an error. What was not written before ``before`` stays.
    """
    with s3_errors(f"s3://{bucket}/{key}"):
        if not is_versioned(client, bucket):
            return _delete_only(client, bucket, key, etag, before)
        entries = [entry for entry in _versions(client, bucket, key) if entry["Key"] == key]
        versions = [entry for entry in entries if "ETag" in entry]
        selected = versions
        if etag is not None:
            limit = max((_modified(entry) for entry in versions if _etag(entry) == etag), default=None)
            selected = [] if limit is None else [entry for entry in versions if _modified(entry) <= limit]
        if before is not None:
            selected = [entry for entry in selected if _modified(entry) < before]
        markers = [entry for entry in entries if "ETag" not in entry] if len(selected) == len(versions) else []
        _delete(client, bucket, (*selected, *markers))
        return len(selected)


def delete_artifacts(client: S3Client, bucket: str, audio_sha256: str, prefix: str = "artifacts") -> int:
    """Delete everything that was computed from the audio; how many objects."""
    return _delete_under(client, bucket, f"{prefix}/{audio_sha256}/")


def delete_proxies(client: S3Client, bucket: str, audio_sha256: str, prefix: str = "artifacts") -> int:
    """Delete the normalised audio and keep what was computed from it; how many files."""
    return _delete_under(client, bucket, f"{prefix}/{audio_sha256}/normalize/", _PROXY)


def delete_pointers(client: S3Client, bucket: str, audios: Iterable[str], prefix: str = "artifacts") -> int:
    """Delete the pointers from objects to these audios; how many. Call it before ``delete_artifacts``, which it needs.

    A pointer is found by the MD5 of its expected content, which is its ETag. If the bucket has other ETags, each
    pointer is read.
    """
    bodies = {
        layout.pack_pointer({"audio_sha256": audio, "fingerprint": fingerprint})
        for audio in audios
        for fingerprint in _fingerprints(client, bucket, f"{prefix}/{audio}/normalize/")
    }
    if not bodies:
        return 0
    etags = {hashlib.md5(body, usedforsecurity=False).hexdigest() for body in bodies}
    place = f"{prefix}/pointers/{POINTER_KIND}/"
    pointers: list[str] = []
    etag_is_md5: bool | None = None
    with s3_errors(f"s3://{bucket}/{place}"):
        for entry in _list(client, bucket, place):
            key = entry["Key"]
            if etag_is_md5 is None:
                etag_is_md5 = hashlib.md5(_body(client, bucket, key), usedforsecurity=False).hexdigest() == _etag(entry)
            if _etag(entry) in etags if etag_is_md5 else _body(client, bucket, key) in bodies:
                pointers.append(key)
        return sum(_delete_under(client, bucket, key) for key in pointers)


def audios_with_artifacts(client: S3Client, bucket: str, prefix: str = "artifacts") -> Iterator[str]:
    """The SHA-256 (hex) of each audio that has artifacts, in order; one request per 1,000 audios."""
    with s3_errors(f"s3://{bucket}/{prefix}/"):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/", Delimiter="/")
        for page in pages:
            for folder in page.get("CommonPrefixes", []):
                name = folder["Prefix"].removeprefix(f"{prefix}/").rstrip("/")
                if name != "pointers":
                    yield name


def newest_artifact(client: S3Client, bucket: str, audio_sha256: str, prefix: str = "artifacts") -> datetime | None:
    """When the latest artifact of the audio was written; None if the audio has no artifacts."""
    with s3_errors(f"s3://{bucket}/{prefix}/{audio_sha256}/"):
        return max((_modified(entry) for entry in _list(client, bucket, f"{prefix}/{audio_sha256}/")), default=None)


def is_versioned(client: S3Client, bucket: str) -> bool:
    """Whether versioning of the bucket is or was ever enabled."""
    try:
        return bool(client.get_bucket_versioning(Bucket=bucket).get("Status"))
    except ClientError as error:
        if answer_code(error) in _NO_VERSIONS:
            return False
        raise


def written_at(client: S3Client, bucket: str, key: str, etag: str) -> datetime | None:
    """When the object was last written, if it has this ETag; None if it has another one or does not exist."""
    with s3_errors(f"s3://{bucket}/{key}"):
        current = looks.head(client, bucket, key)
        return current["LastModified"] if current and bare_etag(current["ETag"]) == etag else None


def _delete_only(client: S3Client, bucket: str, key: str, etag: str | None, before: datetime | None) -> int:
    current = looks.head(client, bucket, key)
    if current is None:
        return 0
    if etag not in (None, bare_etag(current["ETag"])) or (before and current["LastModified"] >= before):
        return 0  # the object was replaced, or written again
    client.delete_object(Bucket=bucket, Key=key)
    return 1


def _delete_under(client: S3Client, bucket: str, prefix: str, ending: str = "") -> int:
    """Delete every version of every key with this prefix and ending; how many."""
    with s3_errors(f"s3://{bucket}/{prefix}"):
        listed = _versions(client, bucket, prefix) if is_versioned(client, bucket) else _list(client, bucket, prefix)
        selected = [entry for entry in listed if entry["Key"].endswith(ending)]
        _delete(client, bucket, selected)
        return len(selected)


def _delete(client: S3Client, bucket: str, entries: Iterable[dict[str, Any]]) -> None:
    names = [{part: entry[part] for part in ("Key", "VersionId") if part in entry} for entry in entries]
    for start in range(0, len(names), PAGE):
        answer = client.delete_objects(
            Bucket=bucket,
            Delete={"Objects": names[start : start + PAGE], "Quiet": True},  # type: ignore[typeddict-item]
        )
        for error in answer.get("Errors", []):
            if error.get("Code") not in GONE:
                raise _refused(bucket, error)


def _refused(bucket: str, error: Any) -> ConfigError | TransientError:
    what = (
        f"s3://{bucket}/{error.get('Key')}: S3 refused to delete the object "
        f"({error.get('Code')}: {error.get('Message')})"
    )
    if error.get("Code") == "AccessDenied":
        return ConfigError(
            f"{what}; allow s3:DeleteObject and s3:DeleteObjectVersion in the policy, and remove any object lock",
            code=ErrorCode.S3_REFUSED,
        )
    return TransientError(f"{what}; try again", code=ErrorCode.S3_BUSY)


def _list(client: S3Client, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])  # type: ignore[misc]


def _versions(client: S3Client, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """Versions and delete markers; delete markers have no ETag."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Versions", [])  # type: ignore[misc]
        yield from page.get("DeleteMarkers", [])  # type: ignore[misc]


def _fingerprints(client: S3Client, bucket: str, folder: str) -> list[str]:
    """Fingerprints of the artifacts in the folder."""
    with s3_errors(f"s3://{bucket}/{folder}"):
        names = [entry["Key"].removeprefix(folder) for entry in _list(client, bucket, folder)]
    return [name.removesuffix(_PAYLOAD) for name in names if name.endswith(_PAYLOAD)]


def _body(client: S3Client, bucket: str, key: str) -> bytes:
    return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def _etag(entry: dict[str, Any]) -> str:
    return bare_etag(entry["ETag"])


def _modified(entry: dict[str, Any]) -> datetime:
    modified: datetime = entry["LastModified"]
    return modified
