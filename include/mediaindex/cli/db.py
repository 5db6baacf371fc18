"""``mediaindex db``: create and upgrade the catalog's schema in PostgreSQL."""

from __future__ import annotations

from dataclasses import asdict

import typer

from .figures import count_of
from .options import Json, catalog
from .terminal import say, say_json

app = typer.Typer(help="Create and upgrade the catalog's schema in PostgreSQL.", no_args_is_help=True)


@app.command("migrate")
def migrate(*, as_json: Json = False) -> None:
    """Apply the missing migrations to the database that MEDIAINDEX_DATABASE_URL names, in one transaction.

    An empty database gets the whole schema. It is safe to run this at every start and in several places at once; a
    migration that fails changes nothing. Back up the catalog before an upgrade: there are no migrations backwards.

    Example:

      mediaindex db migrate
    """
    from mediaindex.catalog.base import migrate as migrations

    with catalog("db migrate") as conn:
        applied = migrations.migrate(conn)
        count = len(migrations.status(conn))
    if as_json:
        say_json({"applied": applied, "migrations": count})
        return
    for version in applied:
        say(f"applied  {version}")
    say(f"The catalog is up to date: {count_of(count, 'migration')}, {len(applied)} of them applied now.")


@app.command("status")
def status(*, as_json: Json = False) -> None:
    """List the migrations and when each was applied. The exit code is 1 if one is missing.

    Example:

      mediaindex db status
    """
    from mediaindex.catalog.base import migrate as migrations

    with catalog("db status") as conn:
        known = migrations.status(conn)
    missing = [migration for migration in known if migration.applied_at is None]
    if as_json:
        say_json({"up_to_date": not missing, "migrations": [asdict(row) for row in known]}, indent=2)
    else:
        for row in known:
            say(
                f"{row.applied_at:%Y-%m-%d %H:%M:%S %Z}  {row.version}" if row.applied_at else f"missing  {row.version}"
            )
        say(_verdict(len(missing)))
    if missing:
        raise typer.Exit(1)


def _verdict(missing: int) -> str:
    if missing:
        return f"{count_of(missing, 'migration')} missing; back up the catalog and run `mediaindex db migrate`."
    return "The catalog is up to date."
