from __future__ import annotations

import psycopg2
import pytest

from mediaindex.catalog.base.connection import catalog_errors
from mediaindex.errors import TransientError


def test_a_connection_that_breaks_inside_libpq_is_transient() -> None:
    """libpq names no class of errors for this, and psycopg2 then raises its most general one."""
    with pytest.raises(TransientError, match="EOF detected"), catalog_errors():
        raise psycopg2.DatabaseError("SSL SYSCALL error: EOF detected\n")
