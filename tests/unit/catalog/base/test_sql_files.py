from __future__ import annotations

import re
from pathlib import Path

from mediaindex import catalog
from mediaindex.catalog.base.sql_files import sql_directory

SOURCES = "".join(path.read_text() for path in Path(str(catalog.__file__)).parent.rglob("*.py"))


def test_every_query_file_is_used_and_every_used_one_exists() -> None:
    files = {path.stem for path in (sql_directory() / "queries").glob("*.sql")}
    assert files == set(re.findall(r'query\("(\w+)"\)', SOURCES))


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in sql_directory().glob("[0-9]*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))
