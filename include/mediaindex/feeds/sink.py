"""The interface of the store that a copied episode is written to."""

from __future__ import annotations

from typing import Protocol


class Stored(Protocol):
    """The stored object: its ETag (without quotes) and its size in bytes."""

    @property
    def etag(self) -> str:
        """The ETag."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...


class Sink(Protocol):
    """Takes bytes in order. The object is not visible before ``finish``."""

    @property
    def received(self) -> int:
        """Bytes taken so far, including those of an earlier process that it resumes."""
        ...

    @property
    def resume_id(self) -> str | None:
        """What another process needs to resume; None while nothing is stored yet."""
        ...

    def open(self, media_type: str) -> None:
        """Set the media type, before the first byte."""
        ...

    def write(self, data: bytes) -> None:
        """Append bytes."""
        ...

    def restart(self) -> None:
        """Discard all bytes and start again."""
        ...

    def finish(self) -> Stored:
        """Make the whole object visible."""
        ...

    def abort(self) -> None:
        """Discard all bytes; an earlier object stays as it is."""
        ...
