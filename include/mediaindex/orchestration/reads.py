"""Read objects of a source for discovery: an error of one object is told apart from an error of everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mediaindex.errors import ErrorCode, MediaindexError, TransientError
from mediaindex.storage import looks
from mediaindex.storage.looks import Inspection

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Objects in a row, with an error of S3 itself, after which the others are not tried: each took minutes of retries.
SKIP_AFTER = 16
T = TypeVar("T")


class UnreadableError(Exception):
    """S3 does not return this object, and answers other requests; ``refusal``: the error."""

    def __init__(self, refusal: MediaindexError) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


@dataclass(slots=True)
class Reads:
    """Reads of one run, by several threads. The count of failures may be off by the number of threads."""

    client: S3Client
    _failed: int = 0

    def inspect(self, bucket: str, key: str) -> Inspection:
        """The object as it is now, or why it cannot be read. Raises errors that concern more than this object."""
        if self._failed >= SKIP_AFTER:
            return Inspection(None, self._skipped(bucket, key))
        inspection = looks.inspect(self.client, bucket, key)
        self._count(inspection.refusal)
        return inspection

    def read(self, bucket: str, key: str, request: Callable[[], T]) -> T:
        """The answer to the request. Raises UnreadableError if it fails for this object alone."""
        if self._failed >= SKIP_AFTER:
            raise UnreadableError(self._skipped(bucket, key))
        try:
            answer = request()
        except MediaindexError as error:
            self._count(error)
            if looks.concerns_everything(self.client, bucket, key, error):
                raise
            raise UnreadableError(error) from error
        self._count(None)
        return answer

    def restart(self) -> None:
        """Count failures anew, before objects that could be inspected are read."""
        self._failed = 0

    def _count(self, error: MediaindexError | None) -> None:
        self._failed = self._failed + 1 if error and error.code in looks.OF_SERVER else 0

    def _skipped(self, bucket: str, key: str) -> TransientError:
        return TransientError(
            f"s3://{bucket}/{key}: not read, because S3 failed for {SKIP_AFTER} objects in a row; it is tried again",
            code=ErrorCode.S3_BUSY,
        )
