"""The three places where something of a recording may lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mediaindex.search.names import Indexes, configured

if TYPE_CHECKING:
    from mediaindex.catalog import Connection


@dataclass(frozen=True, slots=True)
class Stores:
    """Open doors to all of them: what ``catalog.connection.connect``, ``search.connect`` and ``s3_client`` give."""

    conn: Connection
    search: Any
    s3: Any
    artifacts_bucket: str
    artifacts_prefix: str = "artifacts"
    indexes: Indexes = field(default_factory=configured)
