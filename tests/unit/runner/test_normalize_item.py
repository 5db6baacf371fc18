"""Running normalize: a complete artifact is not computed again; an incomplete one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.contract.job import FileSource, Hints, ItemResult, JobItem, ObjectSource
from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.runner import normalize_item as module
from mediaindex.runner.normalize_item import normalize_item
from mediaindex.runner.usage import Meter
from mediaindex.storage.artifacts import FolderArtifactStore
from tests.builders import media


class Lab:
    """A recording with one speaker per channel, and a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = FolderArtifactStore(folder / "store")
        self.path = media.party_a_channel(folder)
        self.runs = 0

    def run(self, settings: NormalizeSettings | None = None, *, party_a_channel: bool = False) -> ItemResult:
        self.runs += 1
        place = self.folder / f"run-{self.runs}"
        place.mkdir()
        hints = Hints(party_a_channel=party_a_channel)
        item = JobItem(id="1", name=self.path.name, source=FileSource(path=str(self.path)), hints=hints)
        return normalize_item(item, self.store, place, settings or NormalizeSettings(), Meter())

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("store/*/normalize/*.flac"))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_a_second_run_decodes_nothing(lab: Lab) -> None:
    assert [lab.run().status, lab.run().status] == ["done", "cached"]


@pytest.mark.parametrize("missing", ["audio.flac", "channels.flac"])
def test_audio_missing_from_the_store_is_computed_again(lab: Lab, missing: str) -> None:
    lab.run(party_a_channel=True)
    (lost_part,) = [path for path in lab.files() if path.name.endswith(missing)]
    lost_part.unlink()
    assert lab.run(party_a_channel=True).status == "done"
    assert lost_part.is_file()
    assert lab.run(party_a_channel=True).status == "cached"


def test_one_speaker_per_channel_keeps_the_channels_under_another_fingerprint(lab: Lab) -> None:
    plain = lab.run()
    assert [path.name.split(".", 1)[1] for path in lab.files()] == ["audio.flac"]
    kept = lab.run(party_a_channel=True)
    assert kept.status == "done"
    assert kept.audio_sha256 == plain.audio_sha256
    assert kept.fingerprint != plain.fingerprint
    assert sum(path.name.endswith("channels.flac") for path in lab.files()) == 1


def test_the_same_audio_with_other_times_is_another_result(lab: Lab) -> None:
    first = lab.run()
    late = lab.folder / "late.mkv"
    media.ffmpeg("-itsoffset", "5", "-i", str(lab.path), "-c", "copy", late)
    lab.path = late
    second = lab.run()
    assert second.audio_sha256 == first.audio_sha256
    assert second.fingerprint != first.fingerprint  # else later stages would take the times of the first


def test_kept_channels_and_one_speaker_per_channel_share_the_artifact(lab: Lab) -> None:
    first = lab.run(NormalizeSettings(keep_channels=True))
    again = lab.run(NormalizeSettings(keep_channels=True), party_a_channel=True)
    assert (again.status, again.fingerprint) == ("cached", first.fingerprint)


@pytest.fixture
def bucket(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A replacement for S3: the bucket holds the file at this path."""

    def download(_source: object, target: Path) -> None:
        if not lab.path.exists():
            raise TerminalError("s3://media/a.wav: the object is no longer there", code=ErrorCode.GONE)
        target.write_bytes(lab.path.read_bytes())

    monkeypatch.setattr(module, "_download", download)
    return lab.path


def from_bucket(lab: Lab, earlier: ItemResult | None, settings: NormalizeSettings) -> ItemResult:
    lab.runs += 1
    place = lab.folder / f"run-{lab.runs}"
    place.mkdir()
    upstream = {"normalize": str(earlier.fingerprint)} if earlier else {}
    item = JobItem(
        id="1",
        name="a.wav",
        source=ObjectSource(bucket="media", key="a.wav", etag="e", size=1),
        audio_sha256=earlier.audio_sha256 if earlier else None,
        upstream=upstream,
    )
    return normalize_item(item, lab.store, place, settings, Meter())


def test_the_earlier_audio_of_a_removed_recording_is_used(lab: Lab, bucket: Path) -> None:
    first = from_bucket(lab, None, NormalizeSettings())
    bucket.unlink()
    again = from_bucket(lab, first, NormalizeSettings(target_lufs=-16.0))
    assert (again.status, again.audio_sha256, again.fingerprint) == ("cached", first.audio_sha256, first.fingerprint)
    assert "no longer in its bucket" in again.summary["warnings"][-1]


@pytest.mark.parametrize("lost_part", ["the flac", "the facts", "the fingerprint"])
def test_a_removed_recording_without_earlier_audio_is_gone(lab: Lab, bucket: Path, lost_part: str) -> None:
    first = from_bucket(lab, None, NormalizeSettings())
    bucket.unlink()
    if lost_part == "the flac":
        lab.files()[0].unlink()
    if lost_part == "the facts":
        next(lab.folder.glob("store/*/normalize/*.json.gz")).unlink()
    with pytest.raises(TerminalError) as caught:
        from_bucket(lab, None if lost_part == "the fingerprint" else first, NormalizeSettings(target_lufs=-16.0))
    assert caught.value.code == "gone"


def test_other_settings_make_other_audio_while_the_recording_exists(lab: Lab, bucket: Path) -> None:
    assert bucket.exists()
    first = from_bucket(lab, None, NormalizeSettings())
    again = from_bucket(lab, first, NormalizeSettings(target_lufs=-16.0))
    assert again.status == "done"
    assert again.fingerprint != first.fingerprint
