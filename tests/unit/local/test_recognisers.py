"""The line that says which recogniser is used, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from local import recognisers
from local.site import Site


@pytest.fixture
def checkout(site: Site, tmp_path: Path) -> Site:
    """A checkout whose command prints the folder of models that it sees."""
    program = tmp_path / "checkout" / ".venv-speech" / "bin" / "mediaindex"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$1 $2: ${MEDIAINDEX_MODELS:-none}"\n')
    program.chmod(0o755)
    return Site(replace(site.settings, root=tmp_path / "checkout", variables={}))


def test_a_clone_alone_has_no_folder_of_models(checkout: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDIAINDEX_MODELS", raising=False)
    assert recognisers.sentence(checkout) == "models recognisers: none"


def test_a_folder_beside_the_checkout_is_used_and_named(checkout: Site, tmp_path: Path) -> None:
    folder = tmp_path / "shared" / "models"
    folder.mkdir(parents=True)
    said = recognisers.sentence(Site(checkout.settings))
    assert said.startswith(f"models recognisers: {folder}; {folder} is used because it lies beside this checkout")


def test_a_folder_that_the_user_named_needs_no_reason(checkout: Site, tmp_path: Path) -> None:
    (tmp_path / "shared" / "models").mkdir(parents=True)
    named = Site(replace(checkout.settings, variables={"MEDIAINDEX_MODELS": "/srv/models"}))
    assert recognisers.sentence(named) == "models recognisers: /srv/models"


def test_a_missing_environment_is_reported_without_a_traceback(checkout: Site) -> None:
    gone = Site(replace(checkout.settings, root=checkout.settings.root / "absent"))
    assert recognisers.sentence(gone).startswith("recognisers: unknown, ")
