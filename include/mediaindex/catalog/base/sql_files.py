"""The SQL files, of the installed package or of the checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from mediaindex.errors import ConfigError


@cache
def sql_directory() -> Path:
    """``mediaindex/sql`` of an installed wheel, else ``sql/`` of the checkout. Raises ConfigError if neither exists."""
    package = Path(__file__).resolve().parents[2]
    for place in (package / "sql", package.parents[1] / "sql"):
        if (place / "queries").is_dir():
            return place
    raise ConfigError(f"the sql directory is missing in {package} and beside it; install mediaindex again")


@cache
def query(name: str) -> str:
    """The text of ``queries/{name}.sql``."""
    return (sql_directory() / "queries" / f"{name}.sql").read_text("utf-8")
