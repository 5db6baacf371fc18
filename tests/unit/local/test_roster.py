from __future__ import annotations

from dataclasses import replace

import pytest

from local.roster import select
from local.site import Site
from mediaindex.errors import ConfigError


def _names(site: Site, *names: str, with_needs: bool = False, **external: str) -> list[str]:
    chosen = Site(replace(site.settings, external={key.replace("_", "-"): url for key, url in external.items()}))
    return [server.name for server in select(chosen, names, with_needs=with_needs)]


def test_starting_one_starts_what_it_needs_but_stopping_does_not(site: Site) -> None:
    assert _names(site, "scheduler", with_needs=True) == ["postgres", "scheduler"]
    assert _names(site, "scheduler") == ["scheduler"]


def test_the_users_own_server_is_not_started(site: Site) -> None:
    assert _names(site, "postgres", "s3", s3="http://s3.example") == ["postgres"]


def test_airflows_metadata_stays_out_of_the_users_catalog_unless_they_say_so(site: Site) -> None:
    url = "postgresql://db.example/x"
    assert "postgres" in _names(site, postgres=url)
    assert "postgres" not in _names(site, postgres=url, airflow_database=url)


def test_an_unknown_name_is_answered_with_the_known_ones(site: Site) -> None:
    with pytest.raises(ConfigError, match=r"nonsense.*postgres.*airflow"):
        _names(site, "nonsense")
