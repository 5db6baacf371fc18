"""The params of a trigger become a request, or an error that names the param."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

pytest.importorskip("airflow", reason="Airflow is in its own environment only")

from airflow.sdk.exceptions import ParamValidationError

from mediaindex.catalog.ledger.reprocessing import Wanted
from mediaindex.config import sources
from mediaindex.config.sources import Configuration
from mediaindex.errors import ConfigError
from mediaindex.orchestration import reprocessing
from mediaindex.orchestration.reprocess_params import reprocess_params

CONFIGURATION = Configuration.model_validate(
    {"sources": [{"name": "talks", "bucket": "my-talks"}, {"name": "calls", "bucket": "my-calls"}]}
)


@pytest.fixture
def defaults(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The params of a trigger without conf."""
    monkeypatch.setattr(sources, "load", lambda _path: CONFIGURATION)
    return {name: param.resolve() for name, param in reprocess_params().items()}


def test_without_params_all_configured_sources_are_requested(defaults: dict[str, Any]) -> None:
    assert reprocessing.read(defaults, CONFIGURATION) == Wanted(["calls", "talks"])
    assert (defaults["limit"], defaults["lane"], defaults["dry_run"]) == (500, "backfill", False)


def test_each_param_reaches_the_request(defaults: dict[str, Any]) -> None:
    conf = {
        "sources": ["talks"],
        "from": "2025-03-01",
        "to": "2025-03-31",
        "stage": "transcribe",
        "engine": "whisper-base",
        "run_before": "2026-01-01T12:00:00+01:00",
        "language": "fr",
    }
    wanted = reprocessing.read(defaults | conf, CONFIGURATION)
    moment = datetime(2026, 1, 1, 11, tzinfo=UTC)
    march = (date(2025, 3, 1), date(2025, 3, 31))
    assert wanted == Wanted(["talks"], *march, "transcribe", "whisper-base", moment, "fr")
    assert str(wanted) == (
        "source talks; from 2025-03-01; to 2025-03-31; stage transcribe; engine whisper-base; "
        "run before 2026-01-01T12:00:00+01:00; language fr"
    )


def test_a_request_may_be_about_one_day(defaults: dict[str, Any]) -> None:
    wanted = reprocessing.read(defaults | {"from": "2025-03-01", "to": "2025-03-01"}, CONFIGURATION)
    assert (wanted.first, wanted.last) == (date(2025, 3, 1), date(2025, 3, 1))


def test_a_time_without_a_zone_is_utc(defaults: dict[str, Any]) -> None:
    wanted = reprocessing.read(defaults | {"run_before": "2026-01-01T12:00:00"}, CONFIGURATION)
    assert wanted.run_before == datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"sources": ["call"]}, "unknown source 'call'; valid sources: talks, calls"),
        ({"engine": "whisper"}, "engine: stage is missing; choose the stage"),
        ({"from": "March"}, "from: 'March' is not a date; write it as"),
        ({"run_before": "now"}, "run_before: 'now' is not a time; write it as"),
        ({"from": "2025-03-02", "to": "2025-03-01"}, "2025-03-02 is after 2025-03-01"),
    ],
)
def test_an_invalid_param_is_named_with_its_remedy(
    defaults: dict[str, Any], conf: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        reprocessing.read(defaults | conf, CONFIGURATION)


@pytest.mark.parametrize(
    ("name", "value"), [("stage", "publish"), ("limit", 0), ("lane", "slow"), ("language", "English"), ("from", "x")]
)
def test_the_form_rejects_invalid_values(defaults: dict[str, Any], name: str, value: Any) -> None:
    assert name in defaults
    with pytest.raises(ParamValidationError):
        reprocess_params()[name].resolve(value)
