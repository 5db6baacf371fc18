"""Passwords and keys of the local servers: generated once, kept in the state folder, readable only by their owner."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.account import make_folder, write_private
from mediaindex.errors import ConfigError


def _token() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Credentials:
    """All generated secrets. They must not appear on a command line or in a log."""

    postgres_password: str = field(default_factory=_token)
    postgres_admin_password: str = field(default_factory=_token)
    airflow_database_password: str = field(default_factory=_token)
    s3_access_key: str = field(default_factory=lambda: secrets.token_hex(10).upper())
    s3_secret_key: str = field(default_factory=_token)
    airflow_password: str = field(default_factory=_token)
    airflow_jwt_secret: str = field(default_factory=lambda: secrets.token_urlsafe(64))  # HS512 needs 64 bytes
    airflow_secret_key: str = field(default_factory=_token)
    airflow_fernet_key: str = field(default_factory=lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())


def load(state: Path) -> Credentials:
    """Read the credentials; generate them at first use. Raises ConfigError if the file is damaged."""
    path = state / "credentials.json"
    make_folder(state, None, 0o755)
    try:
        stored = json.loads(path.read_text()) if path.exists() else {}
        known = Credentials(**stored)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path} is damaged ({error}). `make clean` removes it with the servers' data.") from error
    if asdict(known) != stored:  # at first use, or after an update that needs another secret
        write_private(path, json.dumps(asdict(known), indent=1), None)
    return known
