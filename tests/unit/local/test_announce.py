from __future__ import annotations

from typing import Any

import pytest

from local.announce import message
from mediaindex.storage.announcements import Announcement, understand


@pytest.mark.parametrize(("event", "kind"), [("ObjectCreated:Put", "created"), ("ObjectRemoved:Delete", "removed")])
def test_the_message_is_parsed_as_one_of_s3(event: str, kind: Any) -> None:
    parsed = understand(message("media", "in/a b+c ü?.wav", event=event))
    assert parsed.announcements == [Announcement(kind, "media", "in/a b+c ü?.wav")]
    assert parsed.rejected == []
