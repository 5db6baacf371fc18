"""Code that runs in ffmpeg reads no secret, no foreign file, and reaches no network."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mediaindex.errors import ConfigError
from mediaindex.stages.media import containment
from mediaindex.stages.media.containment import NONE, WAYS, Containment
from mediaindex.stages.media.limits import Files
from mediaindex.stages.media.process import run

SECRET = "hush-hush"
# What code in the decoder would try. It only writes to its output.
INTRUDER = """
import os, socket, sys
def attempt(what, act):
    try:
        print(what, "got", act())
    except OSError as error:
        print(what, "refused", type(error).__name__)
def environments():
    texts = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit() and int(name) != os.getpid():
            try:
                texts.append(open(f"/proc/{name}/environ").read())
            except OSError:
                pass
    return "".join(texts)
attempt("environment", environments)
attempt("file", lambda: open(sys.argv[1]).read())
attempt("network", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[2])), 5))
attempt("write", lambda: open(sys.argv[1] + ".new", "w"))
attempt("root", lambda: os.setuid(0))
"""
PARENT = """
import sys
from mediaindex.stages.media import containment
containment._strongest.cache_clear()
containment.WAYS = tuple(way for way in containment.WAYS if way.name == sys.argv[1])
assert containment.containment().name == sys.argv[1]
containment.hide_memory()
from mediaindex.stages.media.process import run
run([sys.executable, "-I", "-c", *sys.argv[2:]], 60, sys.stdout.buffer.write, name="x")
"""


def works(way: Containment) -> bool:
    program = Path("/bin/true")
    return containment._works([*way.wrap(program, Files()), str(program)])


def attempts(way: Containment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The result of each attempt by malicious code, in a process that has a secret and whose parent has it, too."""
    if not works(way):
        pytest.skip(f"this machine does not offer {way.name}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    private = tmp_path / "credentials.json"
    private.write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [INTRUDER, str(private), str(server.getsockname()[1])]
        command = [sys.executable, "-c", PARENT, way.name, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_secret_of_the_parent_is_out_of_reach(
    way: Containment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SECRET not in attempts(way, tmp_path, monkeypatch)["environment"]


@pytest.mark.parametrize("way", [way for way in WAYS if way.namespaces], ids=lambda way: way.name)
def test_there_is_no_network_and_no_way_to_privileges(
    way: Containment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = attempts(way, tmp_path, monkeypatch)
    assert (tried["network"].split()[0], tried["root"].split()[0]) == ("refused", "refused")


def test_bubblewrap_shows_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = attempts(WAYS[0], tmp_path, monkeypatch)
    assert (tried["file"], tried["write"]) == ("refused FileNotFoundError", "refused FileNotFoundError")


def test_the_strongest_way_of_this_machine_is_used() -> None:
    containment._strongest.cache_clear()
    assert containment.containment() == next((way for way in WAYS if works(way)), NONE)


def test_required_containment_that_the_machine_does_not_offer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containment, "_strongest", lambda: NONE)
    monkeypatch.setenv("MEDIAINDEX_CONTAINMENT", "required")
    with pytest.raises(ConfigError, match="bubblewrap"):
        run(["true"], 10, lambda _: None, name="x")


def test_containment_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_CONTAINMENT", "off")
    assert containment.containment() == NONE
