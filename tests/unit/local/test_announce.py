from __future__ import annotations

import pytest

from local.announce import message
from mediaindex.storage.announcements import Announcement, understand


@pytest.mark.parametrize(("event", "kind"), [("ObjectCreated:Put", "created"), ("ObjectRemoved:Delete", "removed")])
def test_the_message_is_understood_like_s3s_own(event: str, kind: str) -> None:
    parsed = understand(message("media", "in/a b+c ü?.wav", event=event))
    assert [(one.kind, one.bucket, one.key) for one in parsed.announcements] == [(kind, "media", "in/a b+c ü?.wav")]
    assert isinstance(parsed.announcements[0], Announcement)
    assert parsed.rejected == []
