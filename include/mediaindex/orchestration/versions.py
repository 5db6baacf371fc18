"""The versions of Airflow that the package is made for. pyproject.toml and the documentation state them too."""

from __future__ import annotations

import sys

from mediaindex.errors import ConfigError

OLDEST, TOO_NEW = (3, 2), (3, 4)  # tests run with the versions from and below


WITH_RETRY_POLICIES = (3, 3)


def require_airflow() -> None:
    """Raises ConfigError if another version of Airflow is loaded; it would fail later, and less clearly."""
    loaded = getattr(sys.modules.get("airflow"), "__version__", None)
    if loaded:
        check(loaded)


def check(version: str) -> None:
    """Raises ConfigError if this version of Airflow is not one of ours."""
    if not OLDEST <= _minor(version) < TOO_NEW:
        oldest, newer = (".".join(map(str, border)) for border in (OLDEST, TOO_NEW))
        raise ConfigError(
            f"Airflow {version} is installed, and mediaindex needs apache-airflow>={oldest},<{newer}; install one of "
            "these versions, or a mediaindex for yours"
        )


def has_retry_policies() -> bool:
    """Whether a task may decide by the error if it is retried."""
    from airflow import __version__

    return _minor(__version__) >= WITH_RETRY_POLICIES


def _minor(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")[:2]))
