"""Other programs on this machine, and what they print."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from typing import Any

from mediaindex.errors import ConfigError

ANSWER_SECONDS = 120  # of Airflow's command line, or of the speech environment, which hashes its models
# Lines of the log, which begin with a date, may come before.
_LIST = re.compile(r"^\[\s*[{\]]", re.MULTILINE)


def output(command: Sequence[str], accept: tuple[int, ...] = (0,)) -> str:
    """What the command prints. Raises ConfigError if it cannot be run, or ends with another exit code."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=ANSWER_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{command[0]} cannot be run: {error}") from error
    if done.returncode not in accept:
        last = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise ConfigError(f"{command[0]} failed with exit code {done.returncode}: {last}")
    return done.stdout


def rows(command: Sequence[str], accept: tuple[int, ...] = (0,)) -> list[dict[str, Any]]:
    """The rows that Airflow's command line prints with ``--output json``; none if it prints a sentence instead."""
    printed = output([*command, "--output", "json"], accept)
    found = _LIST.search(printed)
    try:
        listed: list[dict[str, Any]] = json.JSONDecoder().raw_decode(printed[found.start() :])[0] if found else []
    except ValueError:
        listed = []
    return listed
