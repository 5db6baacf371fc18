"""PostgreSQL, the source of truth for every recording. The only package that imports psycopg2; longer SQL is in sql/.

Every public function takes an open connection and runs one transaction unless its docstring says otherwise. Other
packages import ``Connection`` from here for annotations only, because DAG files must not load psycopg2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base.connection import Connection as Connection
    from .base.connection import Cursor as Cursor
