"""Which models commands know, need and fetch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mediaindex.cli import fetching
from mediaindex.errors import ConfigError
from mediaindex.models import load_registry, register

OWN = """\
sources: []
models: [{name: ours, engine: nemo-ctc, languages: [en], path: /srv/ours.nemo}]
recognisers: [ours]
"""


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without models."""
    for name in ("MEDIAINDEX_MODELS", "MEDIAINDEX_CACHE", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("MEDIAINDEX_RECOGNISERS", "MEDIAINDEX_OFFLINE", "MEDIAINDEX_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    yield
    register(())


def test_commands_know_the_models_of_the_sources_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources.yaml").write_text(OWN, "utf-8")
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(tmp_path / "sources.yaml"))
    assert fetching.use_own_models() == ("ours",)
    assert "ours" in load_registry()


def test_a_sources_file_that_is_named_and_absent_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_CONFIG", str(tmp_path / "absent.yaml"))
    with pytest.raises(ConfigError, match="does not exist"):
        fetching.use_own_models()


def test_what_is_needed_is_the_same_on_every_machine_unless_recognisers_are_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    required = [name for name, entry in load_registry().items() if entry.required]
    assert fetching.needed() == required
    assert fetching.needed(("whisper-turbo",)) == [*required, "whisper-turbo"]
    monkeypatch.setenv("MEDIAINDEX_RECOGNISERS", "stt-en-conformer-ctc-small whisper-small")
    assert fetching.needed() == [*required, "stt-en-conformer-ctc-small", "whisper-small"]


def test_a_command_in_a_script_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "fetch", lambda *_arguments, **_options: pytest.fail("fetched"))
    fetching.fetch_missing()


def test_a_command_on_a_terminal_fetches_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(fetching, "fetch", lambda name, *_arguments, **_options: asked.append(name))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    fetching.fetch_missing()
    assert "whisper-base" in asked
    monkeypatch.setenv("MEDIAINDEX_OFFLINE", "1")
    asked.clear()
    fetching.fetch_missing()
    assert asked == []
