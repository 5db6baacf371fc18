"""One version of one object in a bucket. Needs no S3 library: the catalog imports it too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

# ``maybe``: a listing does not say, a HEAD request does.
Archived = Literal["no", "maybe", "yes", "restoring"]


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """What a listing or an event says of an object; ``etag`` without quotes, ``size`` in bytes.

    ``archived``: whether its bytes must be asked back from an archive before anybody can read them.
    """

    bucket: str
    key: str
    etag: str
    version_id: str | None
    size: int
    last_modified: datetime
    archived: Archived = "no"


class Located(Protocol):
    """Enough of an object to read exactly that version; an ``ObjectVersion`` and a job's source both are."""

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
        """The version to read, None where the bucket keeps none or nobody said."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...


def bare_etag(etag: str) -> str:
    """The ETag as we keep it: S3 wraps it in quotes, some servers do not."""
    return etag.removeprefix("W/").strip('"')
