from __future__ import annotations

import psycopg2
import pytest

from mediaindex.catalog.base.connection import catalog_errors
from mediaindex.errors import TerminalError, TransientError


def test_a_connection_that_breaks_inside_libpq_is_transient() -> None:
    """libpq names no class of errors for this, and psycopg2 then raises its most general one."""
    with pytest.raises(TransientError, match="EOF detected"), catalog_errors():
        raise psycopg2.DatabaseError("SSL SYSCALL error: EOF detected\n")


@pytest.mark.parametrize("kind", [psycopg2.OperationalError, psycopg2.InterfaceError])
def test_a_lost_connection_is_transient(kind: type[psycopg2.Error]) -> None:
    with pytest.raises(TransientError, match="is tried again"), catalog_errors():
        raise kind("connection already closed")


def test_a_statement_that_cannot_be_sent_is_not_tried_again() -> None:
    with pytest.raises(TerminalError, match="can't adapt type") as caught, catalog_errors():
        raise psycopg2.ProgrammingError("can't adapt type 'object'")
    assert caught.value.code == "catalog_refused"
