"""A job's folder is removed after the end of the job, however it ends, and not before."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mediaindex.orchestration.job_folder import clear_abandoned, job_folder

HOLD = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from mediaindex.orchestration.job_folder import job_folder
with job_folder() as folder:
    (folder / "audio.wav").write_bytes(b"sound")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_removed_at_the_end_of_the_block_also_after_an_exception(temporary: Path) -> None:
    def fail() -> None:
        with job_folder() as folder:
            (folder / "audio.wav").write_bytes(b"sound")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(temporary.iterdir()) == []


def test_the_next_job_removes_the_folder_of_a_killed_job(temporary: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(temporary)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        with job_folder():
            assert (folder / "audio.wav").exists()
        holder.kill()
        holder.wait()
        assert (folder / "audio.wav").exists()
        with job_folder():
            assert not folder.exists()


def test_a_full_disk_is_cleared_although_tempfile_ignores_it(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = tmp_path_factory.mktemp("full")
    left = full / "mediaindex-job-killed"
    left.mkdir()
    monkeypatch.setenv("TMPDIR", str(full))  # and tempfile.tempdir is elsewhere
    clear_abandoned()
    assert not left.exists()


def test_files_and_links_of_that_name_are_not_removed(temporary: Path, caplog: pytest.LogCaptureFixture) -> None:
    (temporary / "mediaindex-job-notes").write_text("mine")
    aside = temporary / "elsewhere"
    aside.mkdir()
    (temporary / "mediaindex-job-link").symlink_to(aside)
    clear_abandoned()
    assert (temporary / "mediaindex-job-notes").read_text() == "mine"
    assert aside.is_dir()
    assert caplog.messages == []


def test_children_do_not_hold_the_lock(temporary: Path) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    with job_folder() as folder, subprocess.Popen(sleep) as child:
        with job_folder():
            pass
        assert folder.exists()
        child.kill()
