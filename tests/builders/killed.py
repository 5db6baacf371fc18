"""PostgreSQL sessions whose client was killed or has closed its connection during work on the catalog.

PostgreSQL detects this a little later. Until then the session holds its locks, and other sessions wait for them. How
long that takes depends on the machine, so tests wait until the session has ended.
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
    """Run the script with a database URL as its first argument. The script must end itself by SIGKILL.

    Returns after PostgreSQL has ended its sessions and released their locks.
    """
    name, named_url = named(url)
    command = [sys.executable, "-c", script, named_url, *arguments]
    died = subprocess.run(command, env=os.environ, check=False, timeout=300, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    wait_for_end(conn, name)


def named(url: str) -> tuple[str, str]:
    """A new application name, and the URL with it, for the sessions of one connection or process."""
    name = f"test-{uuid.uuid4().hex}"
    return name, f"{url}?application_name={name}"


def wait_for_end(conn: Any, name: str) -> None:
    """Wait until PostgreSQL has ended every session of that name and released its locks."""
    until(lambda: not sessions(conn, name), SOON_S, f"PostgreSQL ends the sessions of {name}")


def sessions(conn: Any, name: str) -> list[str | None]:
    """The wait event type of each session of that application, for example ``Lock`` or ``Client``."""
    with conn, conn.cursor() as cursor:
        cursor.execute("select wait_event_type from pg_stat_activity where application_name = %s", (name,))
        return [waits_for for (waits_for,) in cursor.fetchall()]
