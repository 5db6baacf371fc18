from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mediaindex.errors import ConfigError, ModelMissingError
from mediaindex.models import ModelEntry, check, ensure, fetch, hub, locate, try_locate
from mediaindex.models.files import file_digest, tree_digest

Entry = Callable[..., ModelEntry]
PACKAGED = {
    "packages": [{"project": "tiny-weights", "version": "1.0", "sha256": "0" * 64}],
    "members": {"tiny.bin": ["tiny_weights/tiny.bin"]},
}


def put(path: Path, content: bytes = b"weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_error_for_a_missing_model_names_the_command_and_all_places(places: Path, entry: Entry) -> None:
    entry(**PACKAGED, official={"repo": "example/tiny"})
    with pytest.raises(ModelMissingError) as raised:
        locate("tiny")
    for part in (
        "tiny.bin",
        str(places / "local"),
        "tiny-weights 1.0",
        "example/tiny",
        "`mediaindex models fetch tiny`",
    ):
        assert part in raised.value.message


def test_the_local_directory_is_preferred_to_the_package(places: Path, entry: Entry) -> None:
    entry(**PACKAGED)
    cached = put(places / "cache" / "models" / "tiny-1.0" / "tiny.bin")
    assert (locate("tiny").source, locate("tiny").path) == ("package", cached)
    local = put(places / "local" / "tiny.bin")
    located = locate("tiny")
    assert (located.source, located.path, located.sha256) == ("local", local, hashlib.sha256(b"weights").hexdigest())


def test_a_local_file_with_another_sha256_is_a_config_error(places: Path, entry: Entry) -> None:
    entry(sha256=hashlib.sha256(b"right").hexdigest())
    put(places / "local" / "tiny.bin", b"wrong")
    with pytest.raises(ConfigError, match="sha256"):
        locate("tiny")
    (checked,) = check(["tiny"])
    assert checked.damaged
    put(places / "local" / "tiny.bin", b"right!"[:5])
    assert locate("tiny").source == "local"


def test_a_damaged_fetched_copy_counts_as_missing(places: Path, entry: Entry) -> None:
    entry(**PACKAGED, sha256=hashlib.sha256(b"right").hexdigest())
    put(places / "cache" / "models" / "tiny-1.0" / "tiny.bin", b"half")
    assert try_locate("tiny") is None


def test_nothing_is_fetched_offline(places: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    entry(**PACKAGED)
    monkeypatch.setenv("MEDIAINDEX_OFFLINE", "1")
    with pytest.raises(ModelMissingError, match="MEDIAINDEX_OFFLINE"):
        fetch("tiny")
    monkeypatch.setenv("MEDIAINDEX_FETCH_AT_RUN_TIME", "1")
    with pytest.raises(ModelMissingError, match="MEDIAINDEX_OFFLINE"):
        ensure(["tiny"])


def test_what_is_missing_at_run_time_is_an_error_with_the_command(places: Path, entry: Entry) -> None:
    entry(**PACKAGED)
    with pytest.raises(
        ModelMissingError, match=r"model tiny .*`mediaindex models fetch tiny`.*Nothing is fetched while"
    ):
        ensure(["tiny"])


def test_ensure_does_not_fetch_existing_models(places: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    entry(**PACKAGED)
    put(places / "local" / "tiny.bin")
    monkeypatch.setenv("MEDIAINDEX_OFFLINE", "1")
    assert ensure(["tiny"])["tiny"].source == "local"


def test_a_directory_has_the_sha256_of_its_weights(places: Path, entry: Entry) -> None:
    entry(path="tiny", form="directory", weights="model.bin")
    put(places / "local" / "tiny" / "config.json", b"{}")
    assert try_locate("tiny") is None
    put(places / "local" / "tiny" / "model.bin")
    assert locate("tiny").sha256 == hashlib.sha256(b"weights").hexdigest()


def test_the_digest_of_a_tree_depends_on_names_and_contents(tmp_path: Path) -> None:
    put(tmp_path / "one" / "a", b"1")
    put(tmp_path / "two" / "b", b"1")
    put(tmp_path / "three" / "a", b"2")
    assert len({tree_digest(tmp_path / name) for name in ("one", "two", "three")}) == 3


def test_the_digest_of_a_changed_file_is_computed_again(tmp_path: Path) -> None:
    before = file_digest(put(tmp_path / "a", b"1"))
    assert file_digest(put(tmp_path / "a", b"22")) != before


WEIGHTS = hashlib.sha256(b"weights").hexdigest()


@pytest.mark.parametrize("pin", [None, "0" * 64])
def test_unpinned_weights_of_the_hub_are_refused(
    places: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch, pin: str | None
) -> None:
    entry(official={"repo": "example/tiny", "file": "tiny.bin", "sha256": pin})
    monkeypatch.setattr("mediaindex.models.hub.cached", lambda _official: put(places / "hub" / "tiny.bin"))
    with pytest.raises(ConfigError, match=f"MEDIAINDEX_TRUSTED_MODELS=tiny={WEIGHTS}"):
        locate("tiny")
    monkeypatch.setenv("MEDIAINDEX_TRUSTED_MODELS", f"tiny={WEIGHTS}")
    assert locate("tiny").source == "official"


def test_weights_of_the_hub_with_the_pinned_hash_are_used(
    places: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry(official={"repo": "example/tiny", "file": "tiny.bin", "sha256": WEIGHTS})
    monkeypatch.setattr("mediaindex.models.hub.cached", lambda _official: put(places / "hub" / "tiny.bin"))
    assert locate("tiny").sha256 == WEIGHTS


def test_a_changed_file_of_an_unpacked_package_counts_as_missing(places: Path, entry: Entry) -> None:
    folder = places / "cache" / "models" / "tiny-1.0"
    put(folder / "config.cfg")
    packages = [{"project": "tiny-weights", "version": "1.0", "sha256": "0" * 64}]
    fields = {"packages": packages, "tree": "tiny/", "form": "directory"}
    entry(**fields, unpacked_sha256=tree_digest(folder))
    assert locate("tiny").source == "package"
    put(folder / "extra.py")
    assert try_locate("tiny") is None


def at_the_hub(places: Path, monkeypatch: pytest.MonkeyPatch, content: bytes = b"weights") -> Path:
    path = put(places / "hub" / "snapshots" / "c0ffee" / "tiny.bin", content)
    monkeypatch.setattr("mediaindex.models.hub.cached", lambda _official: path)
    return path


def test_the_official_place_is_preferred_to_the_package(
    places: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry(**PACKAGED, sha256=WEIGHTS, official={"repo": "example/tiny", "file": "tiny.bin"})
    put(places / "cache" / "models" / "tiny-1.0" / "tiny.bin")
    assert locate("tiny").source == "package"
    official = at_the_hub(places, monkeypatch)
    assert (locate("tiny").source, locate("tiny").path) == ("official", official)


def test_unknown_weights_in_the_cache_of_the_hub_do_not_displace_the_package(
    places: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_hub(places, monkeypatch, b"from somebody")
    entry(**PACKAGED, official={"repo": "example/tiny", "file": "tiny.bin"})
    put(places / "cache" / "models" / "tiny-1.0" / "tiny.bin")
    assert locate("tiny").source == "package"


def test_a_refusal_has_the_line_that_pins_the_model(
    places: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_hub(places, monkeypatch)
    entry(official={"repo": "example/tiny", "file": "tiny.bin"})
    line = f"`- {{name: tiny, revision: c0ffee, sha256: {WEIGHTS}}}` under `models:`"
    with pytest.raises(ConfigError, match=re.escape(line)):
        locate("tiny")


def test_a_directory_of_the_hub_is_not_pinned_without_a_revision(
    places: Path, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"form": "directory", "weights": "tiny.bin", "sha256": WEIGHTS, "path": "tiny"}
    path = at_the_hub(places, monkeypatch).parent
    monkeypatch.setattr("mediaindex.models.hub.cached", lambda _official: path)
    entry(**fields, official={"repo": "example/tiny"})
    with pytest.raises(ConfigError, match="is not used"):
        locate("tiny")
    entry(**fields, official={"repo": "example/tiny", "revision": "0" * 40})
    assert locate("tiny").source == "official"


def test_a_whisper_without_its_tokenizer_counts_as_missing(places: Path, entry: Entry) -> None:
    entry(path="tiny", form="directory", weights="model.bin", engine="whisper", languages=["en"])
    for name in ("model.bin", "config.json"):
        put(places / "local" / "tiny" / name)
    assert try_locate("tiny") is None  # faster-whisper would fetch one from a hub
    put(places / "local" / "tiny" / "tokenizer.json")
    assert locate("tiny").source == "local"


def test_the_cache_of_the_hub_is_where_its_library_has_it() -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    assert hub.cache_folder("example/tiny") == Path(constants.HF_HUB_CACHE) / "models--example--tiny"
