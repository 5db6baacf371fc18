"""Processes that kill themselves in the middle of work on the catalog."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from typing import Any

from .waiting import until


def run_killed(conn: Any, script: str, url: str, *arguments: str) -> None:
    """Run the script on the database ``url``, its first argument; it must end itself by SIGKILL.

    Returns when PostgreSQL has let go of what it held. It notices only a moment after the process is gone, and who asks
    in that moment finds the dead one at work.
    """
    name = f"killed-{uuid.uuid4().hex}"
    command = [sys.executable, "-c", script, f"{url}?application_name={name}", *arguments]
    died = subprocess.run(command, env=os.environ, check=False, timeout=120, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    until(lambda: not sessions(conn, name), 30, "PostgreSQL notices that the process is dead")


def sessions(conn: Any, name: str) -> list[str | None]:
    """What each session of that application waits for, in PostgreSQL's words (``Lock``, ``Client``, …)."""
    with conn, conn.cursor() as cursor:
        cursor.execute("select wait_event_type from pg_stat_activity where application_name = %s", (name,))
        return [waits_for for (waits_for,) in cursor.fetchall()]
