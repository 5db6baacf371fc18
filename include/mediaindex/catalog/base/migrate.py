"""Migrate a database: apply each numbered file of sql/ once, in order."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mediaindex.errors import ConfigError, ErrorCode

from .connection import Connection, Cursor, transaction
from .sql_files import sql_directory

_LOCK = 0x6D656469  # "medi": one advisory lock, so that only one process migrates at a time

GRANTS = "grants.sql"

_TABLE = """
create table if not exists schema_migration (
    version    text        primary key,
    checksum   text        not null,
    applied_at timestamptz not null default now()
)
"""


def migrate(conn: Connection, directory: Path | None = None) -> list[str]:
    """Apply the missing migrations in one transaction; the applied versions, in order (empty: up to date).

    Then grants rights to the catalog's roles, which may have been created since.

    Safe to run in parallel. Raises ConfigError if an applied file has changed or is missing: applied migrations must
    not change; write a new one.
    """
    folder = directory or sql_directory()
    files = sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    with transaction(conn) as cursor:
        cursor.execute("set local statement_timeout = 0; set local lock_timeout = '60s'")
        cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        cursor.execute(_TABLE)
        missing = _missing(cursor, files)
        for file in missing:
            # Without parameters psycopg2 sends the text unchanged, so that a percent sign needs no escape.
            cursor.execute(file.read_text("utf-8"))
            cursor.execute(
                "insert into schema_migration (version, checksum) values (%s, %s)", (file.stem, _checksum(file))
            )
        if (grants := folder / GRANTS).is_file():
            cursor.execute(grants.read_text("utf-8"))
    return [file.stem for file in missing]


def _missing(cursor: Cursor, files: list[Path]) -> list[Path]:
    cursor.execute("select version, checksum from schema_migration")
    applied = dict(cursor.fetchall())
    if unknown := sorted(applied.keys() - {file.stem for file in files}):
        raise ConfigError(
            f"the catalog has migrations that this version does not have ({', '.join(unknown)}); "
            "install a newer mediaindex",
            code=ErrorCode.CATALOG_TOO_NEW,
        )
    for file in files:
        if file.stem in applied and applied[file.stem] != _checksum(file):
            raise ConfigError(
                f"{file.name}: changed after it was applied; restore it and write a new migration",
                code=ErrorCode.MIGRATION_CHANGED,
            )
    return [file for file in files if file.stem not in applied]


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_text("utf-8").encode()).hexdigest()
