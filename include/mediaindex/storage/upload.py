"""Write an object in parts: the memory is one part for any size, and another process can resume the upload.

All parts have the same size, so that equal bytes always get the same ETag, wherever a transfer was interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from mediaindex.errors import MediaindexError
from mediaindex.printable import logger

from .errors import answer_code, s3_errors
from .objects import bare_etag

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

log = logger(__name__)

_UNKNOWN = frozenset({"NoSuchUpload", "NoSuchKey", "404", "NotFound"})
PART_BYTES = 8 << 20  # S3 accepts parts of 5 MiB or more and 10,000 parts: objects up to 80 GB


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The object as stored; ``version_id`` if the bucket is versioned."""

    etag: str
    size: int
    version_id: str | None = None


class Upload:
    """The upload of one object: a single put if it is small, else a multipart upload that ``resume_id`` names.

    The object is not visible before ``finish``. All methods raise MediaindexErrors.
    """

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        key: str,
        metadata: Mapping[str, str] | None = None,
        *,
        resume_id: str | None = None,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._metadata = dict(metadata or {})
        self._what = f"s3://{bucket}/{key}"
        self._part_bytes = part_bytes
        self._upload_id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []
        self._buffer = bytearray()
        self._media_type = "application/octet-stream"
        if resume_id:
            self._resume(resume_id)

    @property
    def received(self) -> int:
        """Bytes taken so far, including those of an earlier process."""
        return len(self._parts) * self._part_bytes + len(self._buffer)

    @property
    def resume_id(self) -> str | None:
        """What another process needs to resume from the last whole part; None before the first part."""
        return self._upload_id

    def open(self, media_type: str) -> None:
        """Set the media type, before the first byte."""
        self._media_type = media_type

    def write(self, data: bytes) -> None:
        """Append bytes; whole parts are sent to S3 immediately."""
        self._buffer += data
        while len(self._buffer) > self._part_bytes:  # the last part, whole or not, waits for ``finish``
            self._send(bytes(self._buffer[: self._part_bytes]))
            del self._buffer[: self._part_bytes]

    def finish(self) -> StoredObject:
        """Make the object visible under its key; it replaces an earlier object."""
        size = self.received
        with s3_errors(self._what):
            if self._upload_id is None:
                put = self._client.put_object(
                    Bucket=self._bucket, Key=self._key, Body=bytes(self._buffer), Metadata=self._metadata,
                    ContentType=self._media_type,
                )  # fmt: skip
                return StoredObject(bare_etag(put["ETag"]), size, put.get("VersionId"))
            self._send(bytes(self._buffer))
            done = self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, MultipartUpload={"Parts": self._parts}
            )
            return StoredObject(bare_etag(done["ETag"]), size, done.get("VersionId"))

    def restart(self) -> None:
        """Discard all bytes, in memory and in S3."""
        self.abort()

    def abort(self) -> None:
        """Discard all bytes. If S3 cannot be reached, the bucket's rule for incomplete uploads removes them."""
        upload_id, self._upload_id = self._upload_id, None
        self._parts.clear()
        self._buffer.clear()
        if upload_id is None:
            return
        try:
            with s3_errors(self._what):
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=upload_id)
        except MediaindexError as error:
            log.warning("an incomplete upload could not be aborted: %s", error)

    def _send(self, part: bytes) -> None:
        number = len(self._parts) + 1
        with s3_errors(self._what):
            if self._upload_id is None:
                begun = self._client.create_multipart_upload(
                    Bucket=self._bucket, Key=self._key, Metadata=self._metadata, ContentType=self._media_type
                )
                self._upload_id = begun["UploadId"]
            sent = self._client.upload_part(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=part
            )
        self._parts.append({"ETag": sent["ETag"], "PartNumber": number})

    def _resume(self, upload_id: str) -> None:
        """Resume an earlier process's upload; start again if S3 no longer has it."""
        with s3_errors(self._what):
            try:
                pages = self._client.get_paginator("list_parts").paginate(
                    Bucket=self._bucket, Key=self._key, UploadId=upload_id
                )
                parts = {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}
            except ClientError as error:
                if answer_code(error) not in _UNKNOWN:
                    raise
                return
        if not parts:  # some servers answer with an empty list for an unknown upload
            return
        self._upload_id = upload_id
        number = 1
        # A short part is the last one of an upload that was not completed: it is sent again.
        while (part := parts.get(number)) and part["Size"] == self._part_bytes:
            self._parts.append({"ETag": part["ETag"], "PartNumber": number})
            number += 1
