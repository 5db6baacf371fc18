from __future__ import annotations

import psycopg2
import pytest

from mediaindex.catalog.base.connection import connect, transaction
from mediaindex.catalog.ledger import ledger
from mediaindex.errors import ConfigError, TerminalError, TransientError

pytestmark = pytest.mark.servers


def write_names(url: str, *names: str) -> None:
    with connect(url) as conn, conn.cursor() as cursor:
        for name in names:
            cursor.execute("insert into source (name) values (%s)", (name,))


def test_a_connection_commits_at_the_end_and_rolls_back_on_an_error(database_url: str, source: str) -> None:
    write_names(database_url, source)
    with pytest.raises(TerminalError):
        write_names(database_url, source + "-lost", source)
    with connect(database_url) as conn, conn.cursor() as cursor:
        cursor.execute("select name from source where name like %s", (source + "%",))
        assert cursor.fetchall() == [(source,)]


def test_every_statement_has_a_time_limit(database_url: str) -> None:
    with connect(database_url) as conn, conn.cursor() as cursor:
        cursor.execute("select current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("2min", "30s")


def end_session_and_go_on(url: str) -> None:
    with connect(url) as killer, connect(url) as victim:
        with transaction(killer) as cursor:
            cursor.execute("select pg_terminate_backend(%s, 60000)", (victim.info.backend_pid,))
        ledger.find(victim)


def test_a_server_that_ends_the_session_is_transient(database_url: str) -> None:
    with pytest.raises(TransientError):
        end_session_and_go_on(database_url)


def test_a_catalog_without_tables_is_a_config_error(empty_database: str) -> None:
    with pytest.raises(ConfigError, match="mediaindex db migrate"), connect(empty_database) as conn:
        ledger.find(conn)


def test_a_wrong_password_is_not_repeated(server_url: str) -> None:
    dsn = psycopg2.extensions.parse_dsn(server_url)
    with (
        pytest.raises(TransientError) as caught,
        connect(f"postgresql://nobody-here:hunter2@{dsn['host']}:{dsn['port']}/none"),
    ):
        pass
    assert "none" in caught.value.message
    assert "hunter2" not in caught.value.message
