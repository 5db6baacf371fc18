"""One version of one object in a bucket. Imports no S3 library, because the catalog imports it too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

# ``maybe``: unknown by a listing, known by a HEAD request.
Archived = Literal["no", "maybe", "yes", "restoring"]


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """An object according to a listing or a HEAD request; ``etag`` without quotes, ``size`` in bytes.

    ``archived``: whether the object must be restored from an archive before it can be read.
    """

    bucket: str
    key: str
    etag: str
    version_id: str | None
    size: int
    last_modified: datetime
    archived: Archived = "no"


class Located(Protocol):
    """What is needed to read exactly one version; ``ObjectVersion`` and a job's source implement it."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        ...

    @property
    def key(self) -> str:
        """The object's key."""
        ...

    @property
    def etag(self) -> str:
        """The ETag, without quotes."""
        ...

    @property
    def version_id(self) -> str | None:
        """The version to read; None if the bucket is not versioned or the version is unknown."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...


def bare_etag(etag: str) -> str:
    """The ETag without quotes and weakness prefix: S3 sends quotes, some servers do not."""
    return etag.removeprefix("W/").strip('"')
