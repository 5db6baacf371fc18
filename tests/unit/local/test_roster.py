from __future__ import annotations

from dataclasses import replace

import pytest

from local.roster import select
from local.site import Site
from mediaindex.errors import ConfigError


def _names(site: Site, *names: str, with_needs: bool = False, **external: str) -> list[str]:
    chosen = Site(replace(site.settings, external={key.replace("_", "-"): url for key, url in external.items()}))
    return [server.name for server in select(chosen, names, with_needs=with_needs)]


def test_only_a_start_includes_the_servers_that_are_needed(site: Site) -> None:
    assert _names(site, "scheduler", with_needs=True) == ["postgres", "scheduler"]
    assert _names(site, "scheduler") == ["scheduler"]


def test_a_server_of_the_user_is_not_started(site: Site) -> None:
    assert _names(site, "postgres", "s3", s3="http://s3.example") == ["postgres"]


def test_airflows_metadata_uses_a_database_of_the_user_only_if_it_is_set(site: Site) -> None:
    url = "postgresql://db.example/x"
    assert "postgres" in _names(site, postgres=url)
    assert "postgres" not in _names(site, postgres=url, airflow_database=url)


def test_an_unknown_name_is_reported_with_the_valid_ones(site: Site) -> None:
    with pytest.raises(ConfigError, match=r"nonsense.*postgres.*airflow"):
        _names(site, "nonsense")
