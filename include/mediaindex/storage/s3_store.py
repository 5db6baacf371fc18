"""Artifacts in S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mediaindex.errors import ConfigError, ErrorCode

from . import layout, looks
from .errors import GONE, answer_code, s3_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3ArtifactStore:
    """An ``ArtifactStore`` under ``s3://bucket/prefix``; writes to S3 are atomic."""

    def __init__(self, client: S3Client, bucket: str, prefix: str = "artifacts") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix.strip("/")

    def get(self, audio_sha256: str, stage: str, fingerprint: str) -> bytes | None:
        """See ArtifactStore."""
        key = self._key(layout.payload_path(audio_sha256, stage, fingerprint))
        packed = self._get(key)
        return None if packed is None else layout.unpack(packed, self._where(key))

    def put(self, audio_sha256: str, stage: str, fingerprint: str, payload: bytes) -> None:
        """See ArtifactStore."""
        # No Content-Encoding: clients and proxies that decode it would return other bytes than were put.
        key = self._key(layout.payload_path(audio_sha256, stage, fingerprint))
        self._put(key, layout.pack(payload), "application/gzip")

    def exists(self, audio_sha256: str, stage: str, fingerprint: str) -> bool:
        """See ArtifactStore."""
        return self._has(self._key(layout.payload_path(audio_sha256, stage, fingerprint)))

    def get_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str, target: Path) -> bool:
        """See ArtifactStore."""
        key = self._key(layout.file_path(audio_sha256, stage, fingerprint, name))
        with _errors(self._where(key)):
            try:
                self._client.download_file(self._bucket, key, str(target))
            except ClientError as error:
                # The transfer begins with a HEAD request, whose 404 does not say what is missing.
                if answer_code(error) in {*GONE, "404"} and looks.head(self._client, self._bucket, key) is None:
                    return False
                raise
        return True

    def has_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str) -> bool:
        """See ArtifactStore."""
        return self._has(self._key(layout.file_path(audio_sha256, stage, fingerprint, name)))

    def put_file(self, audio_sha256: str, stage: str, fingerprint: str, name: str, path: Path) -> None:
        """See ArtifactStore."""
        key = self._key(layout.file_path(audio_sha256, stage, fingerprint, name))
        with _errors(self._where(key)):
            self._client.upload_file(str(path), self._bucket, key)

    def uri(self, audio_sha256: str, stage: str, fingerprint: str) -> str:
        """See ArtifactStore."""
        return self._where(self._key(layout.payload_path(audio_sha256, stage, fingerprint)))

    def get_pointer(self, kind: str, name: str) -> dict[str, Any] | None:
        """See ArtifactStore."""
        key = self._key(layout.pointer_path(kind, name))
        packed = self._get(key)
        return None if packed is None else layout.unpack_pointer(packed, self._where(key))

    def put_pointer(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """See ArtifactStore."""
        self._put(self._key(layout.pointer_path(kind, name)), layout.pack_pointer(value), "application/json")

    def _has(self, key: str) -> bool:
        with _errors(self._where(key)):
            return looks.head(self._client, self._bucket, key) is not None

    def _get(self, key: str) -> bytes | None:
        with _errors(self._where(key)):
            try:
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if answer_code(error) in GONE:
                    return None
                raise

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        with _errors(self._where(key)):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)

    def _key(self, place: str) -> str:
        return f"{self._prefix}/{place}" if self._prefix else place

    def _where(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"


@contextmanager
def _errors(where: str) -> Iterator[None]:
    """``s3_errors``; a refusal of the artifacts bucket has its own code, because it concerns no single recording."""
    try:
        with s3_errors(where):
            yield
    except ConfigError as error:
        if error.code == ErrorCode.S3_REFUSED:
            raise ConfigError(f"{error.message} of the artifacts bucket", code=ErrorCode.ARTIFACTS_REFUSED) from error
        raise
