from __future__ import annotations

from pathlib import Path

import pytest
import typer

from mediaindex.cli.options import read_hints, read_languages
from mediaindex.contract.job import RawFormat


def test_options_become_hints() -> None:
    hints = read_hints(["en"], 2, "s16le:8000:2", party_a_channel=True)
    assert (hints.languages, hints.speakers, hints.party_a_channel) == (("en",), 2, True)
    assert hints.raw_format == RawFormat(format="s16le", sample_rate=8000, channels=2)
    assert not read_hints([], None, None).party_a_channel


def test_regions_and_case_of_languages_are_removed() -> None:
    assert read_languages(["en", "DE", "pt-BR", "zh_TW"]) == ["en", "de", "pt", "zh"]
    for invalid in ("english", "", "e", "12"):
        with pytest.raises(typer.BadParameter, match="ISO 639-1"):
            read_languages([invalid])


def test_a_malformed_raw_format_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="FORMAT:RATE:CHANNELS"):
        read_hints([], None, "8000")


def test_a_vocabulary_has_one_term_per_line(tmp_path: Path) -> None:
    terms = tmp_path / "names.txt"
    terms.write_text("Helstone\n\n  Zau al Makan \n", "utf-8")
    assert read_hints([], None, None, vocabulary=terms).vocabulary == ("Helstone", "Zau al Makan")
    terms.write_text("Helstone\n", "utf-8-sig")  # as Windows' editors save it
    assert read_hints([], None, None, vocabulary=terms).vocabulary == ("Helstone",)
    terms.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(typer.BadParameter, match="not UTF-8"):
        read_hints([], None, None, vocabulary=terms)
