"""Where a copied episode goes, as the copier sees it."""

from __future__ import annotations

from typing import Protocol


class Stored(Protocol):
    """What was written: its ETag there (without quotes) and its size in bytes."""

    @property
    def etag(self) -> str:
        """The ETag."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...


class Sink(Protocol):
    """Takes bytes in order. Nothing is to be seen at its place before ``finish``."""

    @property
    def received(self) -> int:
        """Bytes taken so far, with those of an earlier process that it goes on from."""
        ...

    @property
    def resume_id(self) -> str | None:
        """What another process needs to go on from here; None while nothing is kept yet."""
        ...

    def open(self, media_type: str) -> None:
        """Learn what is coming, before its first byte."""
        ...

    def write(self, data: bytes) -> None:
        """Take more."""
        ...

    def restart(self) -> None:
        """Forget what came so far."""
        ...

    def finish(self) -> Stored:
        """Show the object, whole."""
        ...

    def abort(self) -> None:
        """Forget everything; what was at the place before stays."""
        ...
