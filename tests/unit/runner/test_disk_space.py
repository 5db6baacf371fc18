from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mediaindex.contract.job import JobItem, ObjectSource
from mediaindex.errors import TransientError
from mediaindex.runner.disk_space import is_exhausted, needs, no_room, room_errors

FULL = OSError(errno.ENOSPC, "No space left on device")
ITEM = JobItem(id="1", name="a.wav", source=ObjectSource(bucket="b", key="a.wav", etag="e", size=3 << 20))


@pytest.mark.parametrize(
    ("error", "exhausted"),
    [
        (FULL, True),
        (OSError(errno.EMFILE, "Too many open files"), True),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), True),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), False),
        (ValueError("no"), False),
    ],
)
def test_what_is_the_workers_fault(error: Exception, exhausted: bool) -> None:
    assert is_exhausted(error) == exhausted


def test_the_message_names_the_folder_that_stays_what_it_has_and_what_is_needed(tmp_path: Path) -> None:
    job = tmp_path / "mediaindex-job-x" / "mediaindex-y" / "tmpz"
    job.mkdir(parents=True)
    message = no_room("a.wav: normalize", FULL, job, needs("normalize", ITEM)).message
    assert f"a.wav: normalize: No space left on device: {tmp_path} has " in message
    assert "the recording itself (3.0 MB)" in message
    assert "make room there" in message


def test_open_files_are_no_matter_of_room(tmp_path: Path) -> None:
    message = no_room("a.wav", OSError(errno.EMFILE, "Too many open files"), tmp_path).message
    assert "MB left" not in message


def test_other_errors_pass() -> None:
    with pytest.raises(FileNotFoundError), room_errors("x"):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")
    with pytest.raises(TransientError), room_errors("x"):
        raise FULL
