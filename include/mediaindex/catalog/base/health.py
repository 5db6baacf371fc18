"""What PostgreSQL says of itself, of the schema and of the rights of this user."""

from __future__ import annotations

from mediaindex.errors import ConfigError, ErrorCode

from . import migrate
from .connection import Connection, transaction

OLDEST = 15  # the oldest major version of PostgreSQL that the tests run with

# Tables in the schema of the migrations that this user may not read.
_FORBIDDEN = """
select table_class.relname::text
from pg_class as table_class
join pg_class as migrations on migrations.oid = 'schema_migration'::regclass
where table_class.relkind in ('r', 'p')
  and table_class.relnamespace = migrations.relnamespace
  and table_class.oid <> migrations.oid
  and not has_table_privilege(table_class.oid, 'select')
order by 1
"""


def server(conn: Connection) -> str:
    """Version, address and user, in words. Raises ConfigError if the version is not supported."""
    major = conn.server_version // 10_000
    info = conn.info
    text = f"PostgreSQL {major}.{conn.server_version % 10_000}, database {info.dbname}, user {info.user}"
    if major < OLDEST:
        raise ConfigError(f"{text}: the version is not supported; upgrade PostgreSQL to {OLDEST} or later")
    return text


def schema(conn: Connection) -> str:
    """How many migrations are applied, in words. Raises ConfigError if one is missing."""
    known = migrate.status(conn)
    missing = [migration.version for migration in known if migration.applied_at is None]
    if missing:
        raise ConfigError(
            f"{len(missing)} of {len(known)} migrations are missing, from {missing[0]} on; "
            "back up the catalog and run `mediaindex db migrate`",
            code=ErrorCode.CATALOG_NOT_MIGRATED,
        )
    return f"up to date, {len(known)} migrations"


def rights(conn: Connection) -> str:
    """Whether this user may read all tables, in words. Raises ConfigError, with the tables that are not readable."""
    with transaction(conn) as cursor:
        cursor.execute(_FORBIDDEN)
        forbidden = [name for (name,) in cursor.fetchall()]
    if forbidden:
        raise ConfigError(
            f"user {conn.info.user} may not read {', '.join(forbidden[:5])}"
            f"{' and more' if len(forbidden) > 5 else ''}; connect as the user that migrated the catalog, "
            "or grant it these rights"
        )
    return f"user {conn.info.user} may read every table"
