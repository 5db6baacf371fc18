"""How long a source's recordings are kept; pure numbers, read while DAG files are parsed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Days = Annotated[int, Field(ge=1)]


class Retention(BaseModel):
    """Days after an object's own date (its last modification in S3); what is not given is kept for ever.

    Audio that several objects contain is kept as long as any of them requires.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Days after which the objects themselves are deleted from the bucket.
    media_days: Days | None = None
    # Days after which their normalised audio is deleted.
    proxy_days: Days | None = None
    # Days after which everything about the recording is erased, with a receipt. Needs `media_days` of at most as many.
    transcript_days: Days | None = None

    @model_validator(mode="after")
    def _media_goes_first(self) -> Retention:
        if self.transcript_days is not None and (self.media_days is None or self.media_days > self.transcript_days):
            raise ValueError(
                "transcript_days needs media_days of the same length or less: "
                "a recording that stays would only be transcribed again"
            )
        return self

    def media_before(self, now: datetime) -> datetime | None:
        """Objects older than this go; None: none."""
        return _before(now, self.media_days)

    def proxies_before(self, now: datetime) -> datetime | None:
        """Normalised audio of objects older than this goes."""
        return _before(now, self.proxy_days)

    def transcripts_before(self, now: datetime) -> datetime | None:
        """Recordings of objects older than this go, with everything about them."""
        return _before(now, self.transcript_days)


def _before(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)
