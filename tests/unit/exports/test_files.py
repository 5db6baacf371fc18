from __future__ import annotations

import json

import pytest
import srt
import webvtt

from mediaindex.contract.results import Assessment, Mention, Topic, Topics, TurnText
from mediaindex.contract.states import TopicKind
from mediaindex.exports.files import write_transcript


def test_the_three_files_have_the_same_content(tmp_path, dialogue):
    texts = tuple(TurnText(turn.text.capitalize(), tuple(range(len(turn.words)))) for turn in dialogue.turns)
    topics = Topics((Topic(TopicKind.ENTITY, "New York", "GPE", (Mention(0, 3.0),)),), texts)
    paths = write_transcript(
        tmp_path, "talk", "Talk 1.mp4", Assessment(dialogue, 0.9, 1.0, False), topics, ("damaged",)
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["talk.json", "talk.srt", "talk.vtt"]
    document = json.loads(paths[0].read_text())
    assert document["mediaindex"]["source"] == "Talk 1.mp4"
    assert document["mediaindex"]["warnings"] == ["damaged"]
    assert document["mediaindex"]["topics"][0]["text"] == "New York"
    assert document["mediaindex"]["transcript"]["turns"][0]["text"] == texts[0].text
    assert len(document["segments"]) == len(list(srt.parse(paths[1].read_text()))) == len(webvtt.read(str(paths[2])))


def test_writing_again_replaces_the_files(tmp_path, dialogue):
    for name in ("first.wav", "second.wav"):
        write_transcript(tmp_path, "talk", name, Assessment(dialogue, 0.9, 1.0, False))
    assert json.loads((tmp_path / "talk.json").read_text())["mediaindex"]["source"] == "second.wav"


def test_a_failed_write_leaves_no_file(tmp_path, dialogue):
    with pytest.raises(OSError, match="name too long"):
        write_transcript(tmp_path, "x" * 300, "a.wav", Assessment(dialogue, 0.9, 1.0, False))
    assert not list(tmp_path.iterdir())
    write_transcript(tmp_path, "x" * 250, "a.wav", Assessment(dialogue, 0.9, 1.0, False))


@pytest.mark.parametrize(("setting", "mode"), [("", 0o600), ("0640", 0o640)])
def test_transcripts_are_private_unless_set_otherwise(tmp_path, dialogue, monkeypatch, setting, mode):
    monkeypatch.setenv("MEDIAINDEX_FILE_MODE", setting)
    for path in write_transcript(tmp_path, "talk", "a.wav", Assessment(dialogue, 0.9, 1.0, False)):
        assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(("captions_from", "first"), [(0.0, 1.0), (0.75, 0.25), (5.0, 0.0)])
def test_captions_of_all_files_count_from_one_time(tmp_path, dialogue, captions_from, first):
    paths = write_transcript(
        tmp_path, "talk", "talk.ts", Assessment(dialogue, 0.9, 1.0, False), captions_from=captions_from
    )
    document = json.loads(paths[0].read_text())
    assert document["segments"][0]["startTime"] == first
    assert document["mediaindex"]["captions_from"] == captions_from
    assert document["mediaindex"]["transcript"]["turns"][0]["start"] == 1.0  # source time
    assert next(iter(srt.parse(paths[1].read_text()))).start.total_seconds() == first
    assert webvtt.read(str(paths[2]))[0].start_in_seconds == int(first)
