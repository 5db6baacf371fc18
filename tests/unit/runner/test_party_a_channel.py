"""Recordings with one speaker per channel: the hint of the job makes the channels the speakers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.contract.job import FileSource, FolderStore, Hints, ItemResult, Job, JobItem
from mediaindex.contract.settings import TrackPolicy
from mediaindex.runner.engines import Engines
from mediaindex.runner.execute import run_job
from mediaindex.runner.local import passed
from mediaindex.storage.artifacts import FolderArtifactStore
from tests.builders import media
from tests.builders import tracks as files
from tests.builders.listeners import LevelIsSpeech, OneVoice


class Lab:
    """Runs two stages over one recording."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engines = Engines()
        self.diarizer = OneVoice()
        self.engines.__dict__ |= {"detector": LevelIsSpeech(), "diarizer": self.diarizer}

    def diarize(self, path: Path, *, party_a_channel: bool = False, tracks: TrackPolicy | None = None) -> ItemResult:
        hints = Hints(party_a_channel=party_a_channel, tracks=tracks)
        item = JobItem(id="1", name=path.name, source=FileSource(path=str(path)), hints=hints)
        for stage in ("normalize", "diarize"):
            job = Job(stage=stage, items=(item,), store=FolderStore(path=str(self.folder)))
            (result,) = run_job(job, FolderArtifactStore(self.folder), self.engines).items
            assert result.error is None, result.error
            item = passed(item, stage, result)
        return result


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "store")


def test_the_channels_are_the_speakers_and_the_diarizer_is_not_called(lab: Lab, tmp_path: Path) -> None:
    result = lab.diarize(media.party_a_channel(tmp_path), party_a_channel=True)
    assert result.summary == {"speakers": 2, "warnings": []}
    assert lab.diarizer.asked == 0


def test_each_track_is_a_speaker_if_the_source_says_so(lab: Lab, tmp_path: Path) -> None:
    path = files.tracks(tmp_path, "sine=300:d=1,apad=whole_dur=2", "sine=900:d=1,adelay=1000")
    assert lab.diarize(path, tracks="each").summary == {"speakers": 2, "warnings": []}
    assert lab.diarizer.asked == 0
    assert lab.diarize(path).summary["speakers"] == 1
    assert lab.diarizer.asked == 1


def test_the_hint_is_part_of_the_fingerprint(lab: Lab, tmp_path: Path) -> None:
    path = media.tone(tmp_path)
    fingerprints = {lab.diarize(path, party_a_channel=hint).fingerprint for hint in (True, False)}
    assert len(fingerprints) == 2


def test_a_recording_with_one_channel_is_diarized_with_a_warning(lab: Lab, tmp_path: Path) -> None:
    result = lab.diarize(media.tone(tmp_path), party_a_channel=True)
    assert (result.summary["speakers"], lab.diarizer.asked) == (1, 1)
    assert "distinguished by voice" in result.summary["warnings"][0]
