"""Only decoders of usual audio run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from mediaindex.contract.settings import NormalizeSettings
from mediaindex.errors import BadMediaError
from mediaindex.stages.media import codecs
from mediaindex.stages.normalize import normalize
from tests.builders.media import tone, video


def test_a_decoder_that_is_not_allowed_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs, "DECODERS", ("flac",))
    with pytest.raises(BadMediaError, match="codec pcm_s16le is rarely used and not allowed") as caught:
        normalize(tone(tmp_path), tmp_path / "out", NormalizeSettings())
    assert caught.value.code == "decode_failed"
    assert normalize(tone(tmp_path, "a.flac"), tmp_path / "out", NormalizeSettings()).codec == "flac"


def test_pictures_are_not_decoded_and_not_complained_about(tmp_path: Path) -> None:
    assert normalize(video(tmp_path), tmp_path / "out", NormalizeSettings()).warnings == ()


def test_complaints_of_the_decoder_remain() -> None:
    said = [
        "Codec (h264) not on whitelist 'aac'",
        "Last message repeated 1 times",
        "bad",
        "Last message repeated",
    ]
    assert codecs.complaints(said) == ("bad", "Last message repeated")
    assert len(set(codecs.DECODERS)) == len(codecs.DECODERS)


# Of other builds and of versions from 5.1 on: the name of a decoder is checked where ffmpeg has it.
ELSEWHERE = {
    "ac4", "bv32", "g728", "lc3", "libcodec2", "libfdk_aac", "libgsm", "libgsm_ms", "libilbc", "liblc3",
    "libopencore_amrnb", "libopencore_amrwb", "libopus", "libspeex", "libvorbis", "mpeg4als", "osq", "usac", "xhe_aac",
}  # fmt: skip


def test_every_name_is_one_of_a_decoder_or_codec_of_ffmpeg() -> None:
    known: set[str] = set()
    for table in ("-decoders", "-codecs"):
        listed = subprocess.run(["ffmpeg", "-hide_banner", table], capture_output=True, text=True, check=True).stdout
        known |= {line.split()[1] for line in listed.splitlines() if re.match(r" [\w.]{6} \w", line)}
    assert "vorbis" in known
    assert set(codecs.DECODERS) - known <= ELSEWHERE
