"""What every task of ours has in common."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

# Where tasks queue: speech work by the machine's size, everything else freely.
SPEECH_POOL = "speech"
CATALOG_POOL = "catalog"


def _seconds(variable: str, default: float) -> timedelta:
    return timedelta(seconds=float(os.environ.get(variable) or default))


def default_args() -> dict[str, Any]:
    """Retries with backoff for what may pass, a limit on everything, and work begun before work to begin."""
    return {
        "owner": "mediaindex",
        "retries": 3,
        "retry_delay": _seconds("MEDIAINDEX_RETRY_SECONDS", 30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(minutes=10),
        "pool": CATALOG_POOL,
        # The default rule starts new recordings before it finishes old ones.
        "weight_rule": "upstream",
    }


SPEECH_TIMEOUT = timedelta(hours=4)
