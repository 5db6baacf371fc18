"""PostgreSQL, the truth about every recording. The only room that imports psycopg2; longer SQL lives in sql/queries/.

Every public function takes an open connection and is one transaction of its own unless it says otherwise. Other rooms
import ``Connection`` from here for their annotations (type checkers only: DAG files must not load psycopg2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base.connection import Connection as Connection
    from .base.connection import Cursor as Cursor
