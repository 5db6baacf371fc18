"""The executor and the scheduler's sleep in airflow.cfg fit together, for local servers and containers."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

from mediaindex.orchestration.executor import WakingLocalExecutor

ROOT = Path(__file__).parents[3]
NAMES = ("AIRFLOW__CORE__EXECUTOR", "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME")


@pytest.fixture
def settings() -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / "airflow.cfg")
    return parser


def test_the_scheduler_sleeps_unless_the_executor_waits_instead(settings: ConfigParser) -> None:
    executor = settings.get("core", "executor")
    waits = executor == f"{WakingLocalExecutor.__module__}.{WakingLocalExecutor.__name__}"
    # With 0 and an executor that does not wait, the scheduler keeps a core busy.
    assert settings.getfloat("scheduler", "scheduler_idle_sleep_time") == (0 if waits else 0.5)


@pytest.mark.parametrize("file", ["docker/compose.yaml", "docker/Dockerfile.airflow", "local/environment.py"])
def test_both_settings_come_from_airflow_cfg_alone(file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    assert [name for name in NAMES if name in text] == []
