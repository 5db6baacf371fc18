from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.config import sources
from mediaindex.config.sources import Prices
from mediaindex.errors import ConfigError

HEAD = "sources:\n  - {name: calls, bucket: media}\n"


def test_a_cost_is_the_sum_of_core_and_gpu_hours() -> None:
    assert Prices(currency="EUR", cpu_core_hour=0.04, gpu_hour=2).cost(7200, 1800) == pytest.approx(1.08)


def test_prices_are_optional(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(HEAD)
    assert sources.load(file).prices is None


def test_prices_are_read_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(f"{HEAD}prices: {{currency: EUR, cpu_core_hour: 0.04}}\n")
    assert sources.load(file).prices == Prices(currency="EUR", cpu_core_hour=0.04)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("currency: €\n  cpu_core_hour: 1", r":4: prices.currency: '€' is invalid"),
        ("currency: EUR\n  cpu_core_hour: -1", r":5: prices.cpu_core_hour: is -1"),
        ("currency: EUR", r":3: prices.cpu_core_hour: is missing"),
        ("currency: EUR\n  cpu_core_hour: 1\n  cpu_hour: 1", r":6: prices.cpu_hour: unknown field 'cpu_hour'; write"),
    ],
)
def test_an_invalid_price_is_reported_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text(f"{HEAD}prices:\n  {line}\n")
    with pytest.raises(ConfigError, match=message):
        sources.load(file)
