"""Sessions of PostgreSQL whose owner has died, by SIGKILL or by hanging up, in the middle of work on the catalog.

PostgreSQL notices only a moment later, and until then the session keeps its locks. Who asks for one of them first waits
for the end of the session, which can be seen; how long it takes depends on the machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from typing import Any

from .waiting import SOON_S, until


def run_killed(conn: Any, script: str, url: str, *arguments: str) -> None:
    """Run the script on the database ``url``, its first argument; it must end itself by SIGKILL.

    Returns when PostgreSQL has let go of what it held.
    """
    name, named_url = named(url)
    command = [sys.executable, "-c", script, named_url, *arguments]
    died = subprocess.run(command, env=os.environ, check=False, timeout=300, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    wait_for_end(conn, name)


def named(url: str) -> tuple[str, str]:
    """A name for the sessions of one connection or process, and the address under which they carry it."""
    name = f"test-{uuid.uuid4().hex}"
    return name, f"{url}?application_name={name}"


def wait_for_end(conn: Any, name: str) -> None:
    """Return when PostgreSQL has ended every session of that name and released what it held."""
    until(lambda: not sessions(conn, name), SOON_S, f"PostgreSQL ends the sessions of {name}")


def sessions(conn: Any, name: str) -> list[str | None]:
    """What each session of that application waits for, in PostgreSQL's words (``Lock``, ``Client``, …)."""
    with conn, conn.cursor() as cursor:
        cursor.execute("select wait_event_type from pg_stat_activity where application_name = %s", (name,))
        return [waits_for for (waits_for,) in cursor.fetchall()]
