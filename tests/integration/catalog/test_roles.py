"""Rights of the roles: the reader reads, the writer changes rows, only the owner changes the schema."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from psycopg2 import errors

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.base.migrate import migrate

pytestmark = pytest.mark.servers


def rights(conn: Any, role: str) -> dict[str, set[str]]:
    """What the role may do with each table."""
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "select c.relname, p.name from pg_class c, "
            "unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p(name) "
            "where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') "
            "and has_table_privilege(%s, c.oid, p.name)",
            (role,),
        )
        found: dict[str, set[str]] = {}
        for table, right in cursor.fetchall():
            found.setdefault(table, set()).add(right)
        return found


def tables(conn: Any) -> set[str]:
    with conn, conn.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        return {name for (name,) in cursor.fetchall()}


def test_a_reader_reads_every_table_and_changes_none(conn: Any) -> None:
    assert tables(conn) <= rights(conn, "mediaindex_reader").keys()
    assert set().union(*rights(conn, "mediaindex_reader").values()) == {"select"}


def test_a_writer_changes_rows_but_not_the_list_of_migrations(conn: Any) -> None:
    may = rights(conn, "mediaindex_writer")
    assert may.pop("schema_migration") == {"select"}
    assert may["media_object"] == {"select", "insert", "update", "delete"}


def test_later_tables_are_readable_too(conn: Any) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute("create table later (id int)")
    try:
        assert rights(conn, "mediaindex_reader")["later"] == {"select"}
    finally:
        with conn, conn.cursor() as cursor:
            cursor.execute("drop table later")


def test_migrating_again_grants_again(empty_database: str) -> None:
    with connect(empty_database) as conn:
        migrate(conn)
        with conn, conn.cursor() as cursor:
            cursor.execute("revoke select on media_object from mediaindex_reader")
        assert migrate(conn) == []
        assert "select" in rights(conn, "mediaindex_reader")["media_object"]


def test_the_owner_of_the_local_catalog_is_no_superuser(server_url: str) -> None:
    connection = psycopg2.connect(server_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select rolsuper, rolcreaterole from pg_roles where rolname = current_user")
        assert cursor.fetchone() == (False, False)
        cursor.execute("select pg_get_userbyid(datdba) from pg_database where datname = 'airflow'")
        assert cursor.fetchone() == ("airflow",)
        with pytest.raises(errors.InsufficientPrivilege):
            cursor.execute("copy (select 1) to program 'true'")
    connection.close()


def test_a_reader_may_not_lock_the_local_catalog(server_url: str) -> None:
    connection = psycopg2.connect(server_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_proc where proname ~ 'advisory_(xact_)?lock' "
            "and has_function_privilege('mediaindex_reader', oid, 'execute')"
        )
        assert cursor.fetchone() == (0,)
    connection.close()
