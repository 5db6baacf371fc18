"""How long the recordings of a source are kept. Read while DAG files are parsed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, ValidationInfo

from .checks import Finding, also, fault
from .rules import Part

Days = Annotated[int, Field(ge=1)]


def _media_goes_first(days: Any, info: ValidationInfo) -> Iterator[Finding]:
    if not isinstance(days, int) or "media_days" not in info.data:
        return
    media = info.data["media_days"]
    if media is None or media > days:
        now = "not set" if media is None else f"{media}"
        yield (
            (),
            fault(
                f"media_days is {now}, so recordings would outlive their transcripts and be transcribed again; "
                f"write media_days of at most {days}"
            ),
        )


class Retention(Part):
    """Days after an object's date (its last modification in S3). Without a number of days it is kept.

    Audio that several objects contain is kept as long as any of them requires.
    """

    # Days after which the objects themselves are deleted from the bucket.
    media_days: Days | None = None
    # Days after which their normalised audio is deleted.
    proxy_days: Days | None = None
    # Days after which everything about the recording is erased, with a receipt. Needs `media_days` of at most as many.
    transcript_days: Annotated[Days | None, also(_media_goes_first)] = None

    def media_before(self, now: datetime) -> datetime | None:
        """Objects older than this are deleted; None if they are kept."""
        return _before(now, self.media_days)

    def proxies_before(self, now: datetime) -> datetime | None:
        """Normalised audio of objects older than this is deleted; None if it is kept."""
        return _before(now, self.proxy_days)

    def transcripts_before(self, now: datetime) -> datetime | None:
        """Recordings of objects older than this are erased; None if they are kept."""
        return _before(now, self.transcript_days)


def _before(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)
