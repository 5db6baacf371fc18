from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import ConfigError
from mediaindex.evaluation.manifest import Entry
from mediaindex.evaluation.references import read_reference
from mediaindex.timeline import SpeakerSpan

RTTM = """;; a comment
SPEAKER rec 1 0.50 2.00 <NA> <NA> ann <NA> <NA>
SPKR-INFO rec 1 <NA> <NA> <NA> unknown ann <NA> <NA>
SPEAKER rec 1 3.00 2.00 <NA> <NA> bob <NA> <NA>
"""
CTM = """rec bob 3.1 0.4 good 1.0
rec ann 0.6 0.4 hello 1.0
rec ann 1.2 0 there
"""


def entry(folder: Path, **fields: Any) -> Entry:
    (folder / "a.rttm").write_text(RTTM)
    (folder / "a.ctm").write_text(CTM)
    return Entry(audio_filepath=Path("a.wav"), rttm_filepath=folder / "a.rttm", ctm_filepath=folder / "a.ctm", **fields)


def test_speakers_and_words_in_order_of_time(tmp_path: Path) -> None:
    reference = read_reference(entry(tmp_path))
    assert reference.speakers == (SpeakerSpan(0.5, 2.5, "ann"), SpeakerSpan(3.0, 5.0, "bob"))
    assert reference.text == "hello there good"
    assert [(word.start, word.end) for word in reference.words or ()] == [(0.6, 1.0), (1.2, 1.201), (3.1, 3.5)]


def test_times_count_from_the_start_of_the_part(tmp_path: Path) -> None:
    reference = read_reference(entry(tmp_path, offset=1.0, duration=3.0))
    assert reference.speakers == (SpeakerSpan(0.0, 1.5, "ann"), SpeakerSpan(2.0, 3.0, "bob"))
    assert [(word.text, word.start) for word in reference.words or ()] == [("there", 0.2), ("good", 2.1)]


@pytest.mark.parametrize("row", ["SPEAKER rec 1 0.5", "SPEAKER rec 1 x 2.0 <NA> <NA> ann", "SPEAKER rec 1 nan 2 a b c"])
def test_the_message_names_an_invalid_row(tmp_path: Path, row: str) -> None:
    given = entry(tmp_path)
    (tmp_path / "a.rttm").write_text(f"{RTTM}{row}\n")
    with pytest.raises(ConfigError, match=r"a\.rttm, line 5"):
        read_reference(given)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    given = entry(tmp_path)
    rows = RTTM.splitlines()[1:]
    (tmp_path / "a.rttm").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
    assert [span.speaker for span in read_reference(given).speakers or ()] == ["ann", "bob"]


def test_only_the_rows_of_the_recording_count(tmp_path: Path) -> None:
    given = entry(tmp_path)
    (tmp_path / "a.rttm").write_text(f"{RTTM}SPEAKER a 1 1.0 1.0 <NA> <NA> eve <NA> <NA>\n")
    (tmp_path / "a.ctm").write_text(f"{CTM}a eve 1.0 0.4 mine\n")
    reference = read_reference(given)
    assert reference.speakers == (SpeakerSpan(1.0, 2.0, "eve"),)
    assert reference.text == "mine"


@pytest.mark.parametrize(("name", "row"), [("a.rttm", "SPEAKER b 1 0 1 <NA> <NA> eve"), ("a.ctm", "b eve 0 1 hi")])
def test_a_file_about_other_recordings_is_refused_with_their_names(tmp_path: Path, name: str, row: str) -> None:
    given = entry(tmp_path)
    with (tmp_path / name).open("a") as file:
        file.write(row)
    with pytest.raises(ConfigError, match=r"2 recordings \(rec, b\), none of which is a:"):
        read_reference(given)


def speakers(folder: Path, *rows: str) -> list[tuple[float, float, str]]:
    path = folder / "s.rttm"
    path.write_text("\n".join(rows))
    spans = read_reference(Entry(audio_filepath=Path("mono vocals.wav"), rttm_filepath=path)).speakers or ()
    return [(span.start, span.end, span.speaker) for span in spans]


def test_names_with_spaces_are_read_from_an_rttm(tmp_path: Path) -> None:
    alice = "SPEAKER mono vocals 1 0.600 12.000 <NA> <NA> alice <NA> <NA>"
    bob = "SPEAKER mono vocals 1 13.300 12.600 <NA> <NA> bob <NA> <NA>"
    assert speakers(tmp_path, alice, bob) == [(0.6, 12.6, "alice"), (13.3, 25.9, "bob")]
    other = "SPEAKER take 2 1 0.6 12.0 <NA> <NA> eve <NA> <NA>"
    assert speakers(tmp_path, alice, bob, other) == [(0.6, 12.6, "alice"), (13.3, 25.9, "bob")]
    for row in ("rec 1 1.0 2.0 <NA> <NA> Speaker 1", "take 2 A 1.0 2.0 <NA> <NA> Speaker 1 0.9 <NA>"):
        assert speakers(tmp_path, f"SPEAKER {row}") == [(1.0, 3.0, "Speaker 1")]
    for row in (
        "rec 1 1.0 2.0 <NA> <NA> ann 0.9",
        "rec 1 1.0 2.0 word <NA> ann <NA> <NA>",
        "a b 1 1.0 2 <NA> <NA> ann",
    ):
        assert speakers(tmp_path, f"SPEAKER {row}") == [(1.0, 3.0, "ann")]


@pytest.mark.parametrize("row", ["a 1 1.0 2.0 <NA> <NA> <NA> <NA> <NA>", "a b 1 1.0 2.0 word lex ann bee <NA> <NA>"])
def test_a_row_without_a_clear_speaker_is_refused(tmp_path: Path, row: str) -> None:
    with pytest.raises(ConfigError, match=r"line 1: .* _ instead of white space"):
        speakers(tmp_path, f"SPEAKER {row}")


def test_names_with_spaces_are_read_from_a_ctm(tmp_path: Path) -> None:
    def words(*rows: str) -> list[tuple[str, float, float]]:
        path = tmp_path / "w.ctm"
        path.write_text("\n".join(rows))
        read = read_reference(Entry(audio_filepath=Path("a.wav"), ctm_filepath=path)).words or ()
        return [(word.text, word.start, word.end) for word in read]

    assert words("mono vocals 1 0.6 0.3 hello", "mono vocals 1 1.0 0.5 1") == [("hello", 0.6, 0.9), ("1", 1.0, 1.5)]
    assert words("rec 1 0.5 0.25 5 0.9", "rec 1 1.0 0.5 six NA lex ann") == [("5", 0.5, 0.75), ("six", 1.0, 1.5)]
    with pytest.raises(ConfigError, match="line 2"):
        words("rec 1 0.5 0.25 five", "rec 1 0.5 five")
