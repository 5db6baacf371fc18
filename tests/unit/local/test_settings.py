from __future__ import annotations

from pathlib import Path

import pytest

from local import settings
from local.account import Account
from local.environment import environment
from local.site import Site
from mediaindex.errors import ConfigError


@pytest.mark.parametrize("port", ["80", "70000", "abc", "-1", "\u0665" * 5])
def test_an_invalid_port_is_reported_by_name(port: str) -> None:
    with pytest.raises(ConfigError, match="MEDIAINDEX_PORT_S3"):
        settings.load({"MEDIAINDEX_PORT_S3": port})


def test_an_address_of_the_user_replaces_a_local_server() -> None:
    loaded = settings.load({"MEDIAINDEX_ELASTICSEARCH_URL": "http://search.example:9200"})
    assert loaded.external == {"elasticsearch": "http://search.example:9200"}


def test_exported_addresses_of_local_servers_are_not_external(site: Site) -> None:
    exported = environment(site.settings, site.credentials)
    again = settings.load({**exported, "MEDIAINDEX_STATE": str(site.settings.state)})
    assert again.external == {}
    assert environment(again, site.credentials) == exported


def test_servers_that_cannot_reach_the_checkout_use_other_folders(tmp_path: Path) -> None:
    closed = tmp_path / "root"
    closed.mkdir(mode=0o700)
    elsewhere = Path("/var/lib/elsewhere")
    assert settings._for_account(closed / "state", Account(1, 1), elsewhere) == elsewhere
    assert settings._for_account(closed / "state", None, elsewhere) == closed / "state"
