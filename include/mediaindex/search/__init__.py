"""Elasticsearch, which can be rebuilt from the catalog. The only package that imports elasticsearch."""

from .client import connect, from_environment
from .documents import recording_document, turn_documents
from .matches import Piece
from .names import Indexes
from .outbox import PublishCounts, publish_pending
from .publish import publish, withdraw
from .query import Filters, Hit, search
from .reindex import Rebuilt, reindex
from .setup import Prepared, prepare

__all__ = [
    "Filters",
    "Hit",
    "Indexes",
    "Piece",
    "Prepared",
    "PublishCounts",
    "Rebuilt",
    "connect",
    "from_environment",
    "prepare",
    "publish",
    "publish_pending",
    "recording_document",
    "reindex",
    "search",
    "turn_documents",
    "withdraw",
]
