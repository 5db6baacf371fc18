"""Models that the sources file registers: their entries, their weights, and what a change of them changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediaindex.contract.models import OwnModel
from mediaindex.errors import ConfigError
from mediaindex.models import load_registry, locate, register, try_locate
from mediaindex.models.locate import how_to_get
from mediaindex.models.registry import find, shipped

COMMIT, OTHER = "a" * 40, "b" * 64


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    register(())


def own(path: Path | str, **fields: object) -> OwnModel:
    return OwnModel.model_validate(
        {"name": "ours", "engine": "nemo-ctc", "languages": ["en"], "path": str(path)} | fields
    )


def test_a_model_at_a_path_is_located_and_listed(places: Path) -> None:
    weights = places / "ours.nemo"
    weights.write_bytes(b"weights")
    register([own(weights)])
    located = locate("ours")
    assert (located.path, located.source, located.languages) == (weights, "local", ("en",))
    assert {"ours", *shipped()} == set(load_registry())


def test_a_path_may_be_one_below_the_folder_of_models(places: Path) -> None:
    (places / "local" / "team").mkdir()
    (places / "local" / "team" / "ours.nemo").write_bytes(b"weights")
    register([own("team/ours.nemo")])
    assert locate("ours").path == places / "local" / "team" / "ours.nemo"


def test_other_weights_at_the_same_path_have_another_hash(places: Path) -> None:
    weights = places / "ours.nemo"
    register([own(weights)])
    weights.write_bytes(b"weights")
    before = locate("ours").sha256
    weights.write_bytes(b"other weights")
    assert locate("ours").sha256 != before


def test_weights_without_the_registered_hash_are_refused(places: Path) -> None:
    weights = places / "ours.nemo"
    weights.write_bytes(b"weights")
    register([own(weights, sha256=OTHER)])
    with pytest.raises(ConfigError, match=f"sha256 is .*, but {OTHER} is registered"):
        locate("ours")


def test_a_path_without_the_model_is_named(places: Path) -> None:
    register([own(places / "ours", engine="whisper")])
    assert try_locate("ours") is None
    assert f"{places / 'ours'} is not a folder with model.bin, config.json, tokenizer.json" in how_to_get(find("ours"))


def test_a_model_of_a_hub_needs_its_registered_hash(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = places / "ours.nemo"
    cached.write_bytes(b"weights")
    monkeypatch.setattr("mediaindex.models.hub.cached", lambda _official: cached)
    right = hashlib.sha256(b"weights").hexdigest()
    at_hub = {"name": "ours", "engine": "nemo-ctc", "languages": ["en"], "hub": "example/ours", "file": "ours.nemo"}
    register([OwnModel.model_validate(at_hub | {"revision": COMMIT, "sha256": right})])
    assert locate("ours").source == "official"
    register([OwnModel.model_validate(at_hub | {"revision": COMMIT, "sha256": OTHER})])
    with pytest.raises(ConfigError, match="is not used"):
        locate("ours")


def test_an_entry_with_a_name_of_the_registry_pins_that_model(places: Path) -> None:
    name = "stt-en-conformer-ctc-large"
    assert find(name).pin is None
    register([OwnModel(name=name, revision=COMMIT, sha256=OTHER)])
    official = find(name).official
    assert (find(name).pin, official and official.revision) == (OTHER, COMMIT)
    assert find(name).languages == shipped()[name].languages
    register(())
    assert find(name).pin is None
