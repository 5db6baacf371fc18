"""normalize by the runner: what is there is not computed again, and what is only half there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.runner.job import FileSource, Hints, ItemResult, JobItem
from mediaindex.runner.normalize_item import normalize_item
from mediaindex.runner.usage import Meter
from mediaindex.stages.normalize import Settings
from mediaindex.storage.artifacts import FolderArtifactStore
from tests.builders import media


class Lab:
    """One recording with a party a channel, and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = FolderArtifactStore(folder / "store")
        self.path = media.party_a_channel(folder)
        self.runs = 0

    def run(self, settings: Settings | None = None, *, party_a_channel: bool = False) -> ItemResult:
        self.runs += 1
        place = self.folder / f"run-{self.runs}"
        place.mkdir()
        hints = Hints(party_a_channel=party_a_channel)
        item = JobItem(id="1", name=self.path.name, source=FileSource(path=str(self.path)), hints=hints)
        return normalize_item(item, self.store, place, settings or Settings(), Meter())

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("store/*/normalize/*.flac"))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_a_second_run_decodes_nothing(lab: Lab) -> None:
    assert [lab.run().status, lab.run().status] == ["done", "cached"]


@pytest.mark.parametrize("gone", ["audio.flac", "channels.flac"])
def test_audio_that_is_gone_from_the_store_is_made_again(lab: Lab, gone: str) -> None:
    lab.run(party_a_channel=True)
    (lost,) = [path for path in lab.files() if path.name.endswith(gone)]
    lost.unlink()
    assert lab.run(party_a_channel=True).status == "done"
    assert lost.is_file()
    assert lab.run(party_a_channel=True).status == "cached"


def test_a_party_a_channel_keeps_the_channels_under_another_name(lab: Lab) -> None:
    plain = lab.run()
    assert [path.name.split(".", 1)[1] for path in lab.files()] == ["audio.flac"]
    kept = lab.run(party_a_channel=True)
    assert kept.status == "done"
    assert kept.audio_sha256 == plain.audio_sha256
    assert kept.fingerprint != plain.fingerprint
    assert sum(path.name.endswith("channels.flac") for path in lab.files()) == 1


def test_a_source_whose_channels_are_kept_anyway_shares_the_artifact(lab: Lab) -> None:
    first = lab.run(Settings(keep_channels=True))
    again = lab.run(Settings(keep_channels=True), party_a_channel=True)
    assert (again.status, again.fingerprint) == ("cached", first.fingerprint)
