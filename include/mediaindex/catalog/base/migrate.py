"""Migrate a database: apply each numbered file of sql/ once, in order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file. ``applied_at``: when it was applied; None if it is not applied yet."""

    version: str
    applied_at: datetime | None


def migrate(conn: Connection, directory: Path | None = None) -> list[str]:
    """Apply the missing migrations in one transaction; the applied versions, in order (empty: up to date).

    Then grants rights to the catalog's roles, which may have been created since.

    Safe to run in parallel. Raises ConfigError if an applied file has changed or is missing: applied migrations must
    not change; write a new one.
    """
    folder = directory or sql_directory()
    files = _files(folder)
    with transaction(conn) as cursor:
        cursor.execute("set local statement_timeout = 0; set local lock_timeout = '60s'")
        cursor.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        cursor.execute(_TABLE)
        applied = _applied(cursor, files)
        missing = [file for file in files if file.stem not in applied]
        for file in missing:
            # Without parameters psycopg2 sends the text unchanged, so that a percent sign needs no escape.
            cursor.execute(file.read_text("utf-8"))
            cursor.execute(
                "insert into schema_migration (version, checksum) values (%s, %s)", (file.stem, _checksum(file))
            )
        if (grants := folder / GRANTS).is_file():
            cursor.execute(grants.read_text("utf-8"))
    return [file.stem for file in missing]


def status(conn: Connection, directory: Path | None = None) -> list[Migration]:
    """Every migration, in order. Changes nothing; raises ConfigError as ``migrate`` does."""
    files = _files(directory or sql_directory())
    with transaction(conn) as cursor:
        cursor.execute("select to_regclass('schema_migration') is not null")
        exists = cursor.fetchall()[0][0]
        applied = _applied(cursor, files) if exists else {}
    return [Migration(file.stem, applied.get(file.stem)) for file in files]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))


def _applied(cursor: Cursor, files: list[Path]) -> dict[str, datetime]:
    cursor.execute("select version, checksum, applied_at from schema_migration")
    rows = cursor.fetchall()
    if unknown := sorted({version for version, _, _ in rows} - {file.stem for file in files}):
        raise ConfigError(
            f"the catalog has migrations that this version does not have ({', '.join(unknown)}); "
            "install a newer mediaindex",
            code=ErrorCode.CATALOG_TOO_NEW,
        )
    checksums = {version: checksum for version, checksum, _ in rows}
    for file in files:
        if checksums.get(file.stem, _checksum(file)) != _checksum(file):
            raise ConfigError(
                f"{file.name}: changed after it was applied; restore it and write a new migration",
                code=ErrorCode.MIGRATION_CHANGED,
            )
    return {version: applied_at for version, _, applied_at in rows}


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_text("utf-8").encode()).hexdigest()
