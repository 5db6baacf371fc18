"""Elasticsearch, a projection of the catalog that can be rebuilt from it. Only this room imports elasticsearch."""

from .client import connect, from_environment
from .documents import recording_document, turn_documents
from .matches import Piece
from .names import DEFAULT, Indexes
from .publish import publish
from .query import Filters, Hit, search
from .reindex import reindex
from .setup import Prepared, prepare

__all__ = [
    "DEFAULT",
    "Filters",
    "Hit",
    "Indexes",
    "Piece",
    "Prepared",
    "connect",
    "from_environment",
    "prepare",
    "publish",
    "recording_document",
    "reindex",
    "search",
    "turn_documents",
]
