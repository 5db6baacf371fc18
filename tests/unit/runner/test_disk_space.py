from __future__ import annotations

import errno
from pathlib import Path

import pytest

from mediaindex.contract.job import JobItem, ObjectSource
from mediaindex.errors import TransientError
from mediaindex.runner.disk_space import disk_errors, is_exhausted, needs, worker_exhausted

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
def test_which_errors_come_from_an_exhausted_worker(error: Exception, exhausted: bool) -> None:
    assert is_exhausted(error) == exhausted


def test_the_message_names_the_folder_its_free_space_and_what_is_needed(tmp_path: Path) -> None:
    job = tmp_path / "mediaindex-job-x" / "mediaindex-y" / "tmpz"
    job.mkdir(parents=True)
    message = worker_exhausted("a.wav: normalize", FULL, job, needs("normalize", ITEM)).message
    assert f"a.wav: normalize: No space left on device: {tmp_path} has " in message
    assert "the recording itself (3.0 MB)" in message
    assert "free space there" in message


def test_too_many_open_files_are_not_reported_as_a_full_disk(tmp_path: Path) -> None:
    message = worker_exhausted("a.wav", OSError(errno.EMFILE, "Too many open files"), tmp_path).message
    assert "MB free" not in message


def test_only_errors_of_an_exhausted_worker_are_converted() -> None:
    with pytest.raises(FileNotFoundError), disk_errors("x"):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")
    with pytest.raises(TransientError), disk_errors("x"):
        raise FULL
