from __future__ import annotations

from pathlib import Path

import pytest

from local import settings
from local.account import Account
from local.environment import environment
from local.site import Site
from mediaindex.errors import ConfigError


@pytest.mark.parametrize("port", ["80", "70000", "abc", "-1", "\u0665" * 5])
def test_what_is_no_port_is_refused_by_name(port: str) -> None:
    with pytest.raises(ConfigError, match="MEDIAINDEX_PORT_S3"):
        settings.load({"MEDIAINDEX_PORT_S3": port})


def test_an_address_of_the_users_own_replaces_our_server() -> None:
    loaded = settings.load({"MEDIAINDEX_ELASTICSEARCH_URL": "http://search.example:9200"})
    assert loaded.external == {"elasticsearch": "http://search.example:9200"}


def test_our_own_exported_environment_is_not_taken_for_the_users_servers(site: Site) -> None:
    exported = environment(site.settings, site.credentials)
    again = settings.load({**exported, "MEDIAINDEX_STATE": str(site.settings.state)})
    assert again.external == {}
    assert environment(again, site.credentials) == exported


def test_servers_that_may_not_reach_the_checkout_live_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "root"
    closed.mkdir(mode=0o700)
    elsewhere = Path("/var/lib/elsewhere")
    assert settings._for_account(closed / "state", Account(1, 1), elsewhere) == elsewhere
    assert settings._for_account(closed / "state", None, elsewhere) == closed / "state"
