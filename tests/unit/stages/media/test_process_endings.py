"""What the end of ffmpeg says about the file, about the machine, or about nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.errors import DoubtfulError, TransientError
from mediaindex.stages.media.process import check_disk, run

NO_MEMORY = "echo 'Cannot allocate memory' >&2"


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("kill -XCPU $$", "media_limit"),
        ("kill -XFSZ $$", "media_limit"),
        ("exit 152", "media_limit"),  # bubblewrap reports 128 and the signal: SIGXCPU
        ("exit 255", "media_limit"),  # ffmpeg catches the signal, and its output lacks the rest
        (f"{NO_MEMORY}; exit 1", "media_limit"),
        (f"{NO_MEMORY}; echo 'Last message repeated 3 times' >&2; exit 1", "media_limit"),
        ("echo 'Number of streams exceeds max_streams' >&2; echo 'Invalid data' >&2; exit 1", "media_limit"),
        ("kill -SEGV $$", "ffmpeg_crashed"),
        ("kill -ABRT $$", "ffmpeg_crashed"),
        ("exit 139", "ffmpeg_crashed"),
        ("exit 159", "ffmpeg_crashed"),  # SIGSYS: a system call that is not allowed
    ],
)
def test_a_limit_or_a_crash_is_doubtful(ending: str, code: str) -> None:
    with pytest.raises(DoubtfulError) as caught:
        run(["sh", "-c", ending], 60, lambda _piece: None, name="x")
    assert caught.value.code == code


@pytest.mark.parametrize("ending", ["kill -TERM $$", "kill -KILL $$", "kill -HUP $$", "exit 137", "exit 143"])
def test_a_kill_from_outside_is_not_an_error_of_the_recording(ending: str) -> None:
    with pytest.raises(TransientError) as caught:
        run(["sh", "-c", ending], 60, lambda _piece: None, name="x")
    assert caught.value.code == "ffmpeg_killed"


@pytest.mark.parametrize(
    ("ending", "code", "messages"),
    [
        ("exit 0", 0, ()),
        (f"{NO_MEMORY}; exit 0", 0, ("Cannot allocate memory",)),
        ("exit 1", 1, ()),
        ("echo 'Last message repeated 3 times' >&2; exit 1", 1, ("Last message repeated 3 times",)),
        (f"{NO_MEMORY}; echo 'moov atom not found' >&2; exit 1", 1, ("Cannot allocate memory", "moov atom not found")),
        ("echo 'Operation not permitted' >&2; exit 255", 255, ("Operation not permitted",)),
        ("exit 187", 187, ()),  # one of ffmpeg's own codes
    ],
)
def test_other_ends_are_for_the_caller_to_judge(ending: str, code: int, messages: tuple[str, ...]) -> None:
    ended = run(["sh", "-c", ending], 60, lambda _piece: None, name="x")
    assert (ended.code, ended.messages) == (code, messages)


def test_messages_name_the_recording_and_not_its_folder(tmp_path: Path) -> None:
    source = tmp_path / "talk.wav"
    said = f"echo 'file:{source}: bad; {source}: worse' >&2"
    ended = run(["sh", "-c", said, "-i", f"file:{source}"], 60, lambda _piece: None, name="talk.wav")
    assert ended.messages == ("talk.wav: bad; talk.wav: worse",)


def test_a_full_disk_is_not_the_fault_of_the_recording(tmp_path: Path) -> None:
    check_disk(["Invalid data"], tmp_path)
    for said in ("Error writing trailer: No space left on device", "av_interleaved_write_frame: Disk quota exceeded"):
        with pytest.raises(OSError, match=str(tmp_path)):
            check_disk(["Invalid data", said], tmp_path)
