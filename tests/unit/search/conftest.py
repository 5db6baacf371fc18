"""A transcript as the catalog gives it to search."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders.transcripts import publishable


@pytest.fixture
def make_transcript() -> Any:
    """``make_transcript(*texts, **changes)``, see ``tests.builders.transcripts``."""
    return publishable
