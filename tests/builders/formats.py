"""The corpus in the containers, codecs and layouts in which recordings arrive; and files that only look like some."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.builders import corpus
from tests.builders.media import ffmpeg

ISO = "mov,mp4,m4a,3gp,3g2,mj2"


@dataclass(frozen=True, slots=True)
class Format:
    """A file and what must be read from it; ``options``: how ffmpeg makes it; ``seconds``: its length, if known."""

    name: str
    container: str
    codec: str
    rate: int
    channels: int
    options: tuple[str, ...] = ()
    video: bool = False
    seconds: float | None = None

    def write(self, folder: Path) -> Path:
        """The file, of a reader; a video is of music and has six channels."""
        path = folder / self.name
        picture = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=10", "-c:v", "mpeg4", "-shortest") if self.video else ()
        sound = corpus.MUSIC if self.video else corpus.readings()[0].path
        ffmpeg("-i", sound, *picture, "-ar", f"{self.rate}", "-ac", f"{self.channels}", *self.options, path)
        return path


FORMATS = (
    Format("telephone.wav", "wav", "pcm_s16le", 8_000, 1),
    Format("eight_bits.wav", "wav", "pcm_u8", 8_000, 1, ("-c:a", "pcm_u8")),
    Format("mu_law.wav", "wav", "pcm_mulaw", 8_000, 1, ("-c:a", "pcm_mulaw")),
    Format("two_channels.wav", "wav", "pcm_s16le", 16_000, 2),
    Format("studio.flac", "flac", "flac", 44_100, 1),
    Format("stereo.mp3", "mp3", "mp3", 44_100, 2),
    Format("mono.mp3", "mp3", "mp3", 48_000, 1),
    Format("eight_channels.m4a", ISO, "aac", 48_000, 8),
    Format("voice.ogg", "ogg", "opus", 48_000, 1, ("-c:a", "libopus")),
    Format("music.mp4", ISO, "aac", 48_000, 6, video=True),
)

# RIFF headers, as fuzzers write them: a name, why it is refused, and its bytes.
_HEAD = b"RIFF$\0\0\0WAVEfmt "
_MONO = b"\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0"
MALFORMED = {
    "null.wav": ("empty_audio", _HEAD + b"\x10\0\0\0" + _MONO + b"data\0\0\0\0"),
    "bad.wav": ("not_media", _HEAD + b"ffff" + _MONO + b"data\0\0\0\0"),
    "evil.wav": ("truncated", _HEAD + b"\x10\0\0\0" + _MONO + b"HURF9999" + b"x" * 5_000),
    "awful.wav": (
        "absurd_parameters",
        _HEAD + b"\x10\0\0\0\x01\0\x01\0D\xac\x10\0\x88X\x01\0\x02\0\x10\0datar\x03\0\0" + bytes(882),
    ),
}


def malformed(folder: Path, name: str) -> Path:
    """One of them."""
    path = folder / name
    path.write_bytes(MALFORMED[name][1])
    return path


def headerless(folder: Path) -> Path:
    """A reader at 16 kHz, 16 bits, one channel, without a header."""
    path = folder / "dictation.raw"
    ffmpeg("-i", corpus.readings()[1].path, "-f", "s16le", path)
    return path
