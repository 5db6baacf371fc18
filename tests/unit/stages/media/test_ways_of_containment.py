"""What each way of containment asks of the system, and which limits it can set there."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from mediaindex.errors import ConfigError
from mediaindex.stages.media import containment
from mediaindex.stages.media.containment import NONE, WAYS, _works
from mediaindex.stages.media.limits import Files, Limits

BY_NAME = {way.name: way for way in WAYS}


def test_bubblewrap_shows_inputs_read_only_and_the_folders_of_outputs(tmp_path: Path) -> None:
    files = Files((tmp_path / "in" / "a.wav",), (tmp_path / "out" / "b.pcm", tmp_path / "out" / "c.pcm"))
    command = BY_NAME["bubblewrap"].wrap(Path("/opt/ffmpeg/bin/ffmpeg"), files)
    shown = [(word, command[at + 1]) for at, word in enumerate(command) if word.endswith(("bind", "bind-try"))]
    mine = [(how, place) for how, place in shown if not place.startswith(("/etc", "/lib", "/usr", "/bin", "/sbin"))]
    assert mine == [
        ("--ro-bind-try", "/nix/store"),
        ("--ro-bind-try", "/opt/ffmpeg/bin"),
        ("--ro-bind-try", "/opt/ffmpeg/lib"),
        ("--ro-bind-try", str(tmp_path / "in" / "a.wav")),
        ("--bind", str(tmp_path / "out")),
    ]
    assert {"--unshare-all", "--die-with-parent", "--new-session"} <= set(command)
    assert {
        ("--dev", "/dev"),
        ("--cap-drop", "ALL"),
        ("--uid", "65534"),
        ("--gid", "65534"),
        ("--tmpfs", "/tmp"),  # noqa: S108
    } <= set(pairwise(command))
    assert "--proc" not in command


def test_libraries_of_a_program_that_is_not_the_systems_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real" / "bin" / "ffmpeg"
    real.parent.mkdir(parents=True)
    real.touch()
    link = tmp_path / "bin" / "ffmpeg"
    link.parent.mkdir()
    link.symlink_to(real)
    monkeypatch.setenv("LD_LIBRARY_PATH", f"/opt/cuda:relative:/usr/lib/x:{tmp_path}/more")
    command = BY_NAME["bubblewrap"].wrap(link, Files())
    for place in ("bin", "lib", "real/bin", "real/lib", "more"):
        assert str(tmp_path / place) in command
    assert "/opt/cuda" in command
    assert "relative" not in command
    assert "/usr/lib/x" not in command  # shown anyway


def test_the_first_process_of_namespaces_passes_on_the_end_of_the_program() -> None:
    first = ["sh", "-c", '"$0" "$@"; exit "$?"']
    program = Path("/bin/sh")
    assert BY_NAME["bubblewrap"].wrap(program, Files())[-7:] == ["--chdir", "/", "--as-pid-1", "--", *first]
    nobody = ["--map-user=65534", "--map-group=65534"]
    apart = ["unshare", "--user", *nobody, "--net", "--ipc", "--uts"]
    unprivileged = ["--", "setpriv", "--no-new-privs", "--", *first]
    processes = ["--pid", "--fork", "--kill-child", "--mount-proc"]
    assert BY_NAME["unshare"].wrap(program, Files()) == [*apart, *processes, *unprivileged]
    assert BY_NAME["unshare without /proc"].wrap(program, Files()) == [*apart, *unprivileged]
    assert NONE.wrap(program, Files()) == []
    assert [way.namespaces for way in (*WAYS, NONE)] == [True, True, True, False, False]


@pytest.mark.parametrize(("uid", "drops"), [(0, True), (1000, False)])
def test_only_root_gives_up_capabilities(monkeypatch: pytest.MonkeyPatch, uid: int, drops: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    command = BY_NAME["setpriv"].wrap(Path("/bin/sh"), Files())
    assert ("--bounding-set=-all" in command) is drops
    assert command[:2] == ["setpriv", "--no-new-privs"]
    assert command[-1] == "--"


def test_a_way_works_if_its_program_exists_and_succeeds_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _works(["true"])
    assert not _works(["false"])
    assert not _works(["no-such-program"])
    monkeypatch.setattr(containment, "PROBE_S", 0.05)
    assert not _works(["sleep", "60"])


def test_required_containment_works_if_there_are_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_CONTAINMENT", "required")
    monkeypatch.setattr(containment, "_strongest", lambda: BY_NAME["unshare"])
    assert containment.containment() == BY_NAME["unshare"]
    monkeypatch.setattr(containment, "_strongest", lambda: BY_NAME["setpriv"])
    with pytest.raises(ConfigError, match="MEDIAINDEX_CONTAINMENT"):
        containment.containment()
    monkeypatch.setenv("MEDIAINDEX_CONTAINMENT", "best")
    assert containment.containment() == BY_NAME["setpriv"]


def test_the_sentence_says_what_is_withheld_and_how() -> None:
    assert BY_NAME["unshare"].sentence == (
        "recordings are decoded without network, other processes and privileges, but with the files of this user "
        "(unshare)"
    )


LIMITS = Limits(memory=400 << 20, cpu_s=7, file_size=123)


def set_limits(*, in_user_namespace: bool = False) -> dict[str, str]:
    words = LIMITS.prefix(in_user_namespace=in_user_namespace)
    return dict(word.removeprefix("--").split("=") for word in words if "=" in word)


def test_every_limit_is_set() -> None:
    assert set_limits() == {
        "data": f"{400 << 20}",
        "as": f"{2448 << 20}",
        "cpu": "7:12",
        "fsize": "123",
        "stack": f"{2 << 20}",
        "core": "0",
    }
    assert LIMITS.prefix(in_user_namespace=False)[-1] == "--"


@pytest.mark.parametrize(("release", "apart"), [("5.13.9", False), ("5.14.0-rc1", True), ("6.1.0", True), ("x", False)])
def test_processes_are_limited_if_only_those_of_the_program_count(
    monkeypatch: pytest.MonkeyPatch, release: str, apart: bool
) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(release=release))
    assert ("nproc" in set_limits(in_user_namespace=True)) is apart
    assert "nproc" not in set_limits()


def test_without_prlimit_the_program_runs_nevertheless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert LIMITS.prefix(in_user_namespace=True) == []


@pytest.mark.parametrize(
    ("outputs", "largest", "file_size"),
    [((), None, 0), (("b",), None, 2_000 + (64 << 20)), (("b",), 50, 50 + (64 << 20)), (("b",), 0, 64 << 20)],
)
def test_output_may_be_somewhat_larger_than_the_input(
    tmp_path: Path, outputs: tuple[str, ...], largest: int | None, file_size: int
) -> None:
    source = tmp_path / "a.wav"
    source.write_bytes(bytes(1_000))
    files = Files((source, tmp_path / "gone.wav"), tuple(map(Path, outputs)), largest)
    assert files.size == 1_000
    limits = Limits.of(files, 2.2)
    assert (limits.file_size, limits.cpu_s) == (file_size, 5)
    assert limits.memory == (384 << 20) + 16_000
