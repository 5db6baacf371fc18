from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from mediaindex.errors import BadMediaError, ConfigError, TransientError
from mediaindex.printable import printable
from mediaindex.stages.media import process
from mediaindex.stages.media.process import MESSAGES, run

SLEEP_S = 300  # far more than the half a second after which these tests end a process


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_stalled_process_is_ended_after_its_limit() -> None:
    begin = time.monotonic()
    with pytest.raises(BadMediaError) as caught:
        run(python(f"import time; time.sleep({SLEEP_S})"), 0.5, lambda _: None, name="x")
    assert caught.value.code == "timed_out"
    assert time.monotonic() - begin < SLEEP_S  # it was ended: its own end would come later


def test_a_slow_process_of_a_backfill_is_a_transient_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_in_idle_class", lambda: True)
    monkeypatch.setattr(process, "LEFTOVER_LIMIT_S", 0.5)
    with pytest.raises(TransientError) as caught:
        run(python(f"import time; time.sleep({SLEEP_S})"), SLEEP_S, lambda _: None, name="x")
    assert caught.value.code == "starved"


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="Linux has an idle class")
def test_the_idle_class_is_detected() -> None:
    normal = "from mediaindex.stages.media.process import _in_idle_class; print(_in_idle_class())"
    idle = "import os; os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0)); " + normal
    printed = [
        subprocess.run(python(code), capture_output=True, text=True, check=True).stdout for code in (normal, idle)
    ]
    assert printed == ["False\n", "True\n"]


def test_an_error_while_reading_ends_the_process() -> None:
    def refuse(_piece: bytes) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        run(python("import sys\nwhile True: sys.stdout.write('x' * 10000)"), 60, refuse, name="x")


def test_messages_are_bounded_and_clean() -> None:
    code = r"import sys; sys.stderr.write('\x1b[31m[mp3 @ 0x5581ab] bad\n' * 5000 + 'y' * 100000)"
    ended = run(python(code), 60, lambda _: None, name="x")
    assert len(ended.messages) == MESSAGES
    assert all(len(message) <= 500 and message.isprintable() for message in ended.messages)
    assert "0x5581ab" not in "".join(ended.messages)


def test_a_missing_program_is_reported_with_the_command_to_install_it() -> None:
    with pytest.raises(ConfigError, match="apt-get install ffmpeg"):
        run(["no-such-ffmpeg"], 1, lambda _: None, name="x")


def test_untrusted_text_becomes_one_line() -> None:
    assert printable("a\nb\x1b[0m\u2028c\udcff") == "a b\ufffd[0m c\ufffd"


def test_a_process_ended_by_a_signal_is_a_transient_error() -> None:
    with pytest.raises(TransientError) as caught:
        run(["sh", "-c", "kill -9 $$"], 10, lambda _: None, name="talk.mp3")
    assert caught.value.code == "ffmpeg_killed"


def test_no_credential_reaches_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    pieces: list[bytes] = []
    run(["env"], 10, pieces.append, name="talk.mp3")
    assert b"hush" not in b"".join(pieces)
