from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mediaindex.catalog.base import health
from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.base.migrate import migrate, status
from mediaindex.errors import ConfigError

pytestmark = pytest.mark.servers


def run(url: str, directory: Path | None = None) -> list[str]:
    with connect(url) as conn:
        return migrate(conn, directory)


def write(directory: Path, name: str, text: str) -> None:
    (directory / name).write_text(text)


def test_parallel_migrations_apply_each_file_once(empty_database: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, [empty_database] * 2)
    assert sorted([bool(first), bool(second)]) == [False, True]
    assert (first or second)[0] == "0001_ledger"
    assert run(empty_database) == []


def test_a_changed_migration_is_refused(empty_database: str, tmp_path: Path) -> None:
    write(tmp_path, "0001_a.sql", "create table a (x int)")
    run(empty_database, tmp_path)
    write(tmp_path, "0001_a.sql", "create table a (x text)")
    with pytest.raises(ConfigError, match=r"0001_a\.sql: changed"):
        run(empty_database, tmp_path)


def test_a_newer_catalog_is_refused(empty_database: str, tmp_path: Path) -> None:
    write(tmp_path, "0002_b.sql", "create table b (x int)")
    run(empty_database, tmp_path)
    (tmp_path / "0002_b.sql").unlink()
    with pytest.raises(ConfigError, match="0002_b"):
        run(empty_database, tmp_path)


def test_a_failing_migration_leaves_nothing(empty_database: str, tmp_path: Path) -> None:
    write(tmp_path, "0001_a.sql", "create table a (x int check (x % 2 = 0))")
    write(tmp_path, "0002_b.sql", "create table nonsense (")
    with pytest.raises(Exception, match="syntax error"):
        run(empty_database, tmp_path)
    write(tmp_path, "0002_b.sql", "create table b (x int)")
    assert run(empty_database, tmp_path) == ["0001_a", "0002_b"]


def test_the_status_of_an_empty_database_lists_every_migration_as_missing(empty_database: str) -> None:
    with connect(empty_database) as conn:
        before = status(conn)
        applied = migrate(conn)
        after = status(conn)
    assert [row.version for row in before] == [row.version for row in after] == applied
    assert not any(row.applied_at for row in before)
    assert all(row.applied_at for row in after)


def test_missing_migrations_are_reported_with_the_command_to_apply_them(empty_database: str) -> None:
    with connect(empty_database) as conn, pytest.raises(ConfigError, match="mediaindex db migrate"):
        health.schema(conn)


def test_a_table_that_may_not_be_read_is_named(empty_database: str) -> None:
    run(empty_database)
    with connect(empty_database) as conn, conn.cursor() as cursor:
        assert "may read every table" in health.rights(conn)
        cursor.execute("select usesuper from pg_user where usename = current_user")
        if cursor.fetchone() == (True,):
            pytest.skip("nothing is denied to a superuser")
        cursor.execute("revoke select on media_object from current_user")
        with pytest.raises(ConfigError, match="may not read media_object;"):
            health.rights(conn)
