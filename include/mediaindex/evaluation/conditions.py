"""Degrade recordings: over a telephone line, and with noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from mediaindex.errors import BadMediaError, ErrorCode
from mediaindex.stages.media.commands import HARDENING, Filters, Option, Output, convert
from mediaindex.stages.media.process import run

CLEAN = "as it is"
NOISE_DB = 10.0  # mean power of the recording above that of the noise: speech stays fully intelligible
RATE = 16_000  # Hz
BLOCK = 60 * RATE  # samples of noise drawn at a time: all at once would double the memory
LIMIT = 600.0  # s that ffmpeg may take for one recording

Degrade = Callable[[Path, Path], None]  # (recording, new file)


def telephone(source: Path, target: Path) -> None:
    """A land line: 300 to 3400 Hz, 8 kHz, G.711 mu-law, as WAV."""
    _convert(source, target, {"ar": 8000, "acodec": "pcm_mulaw"}, filters=[("highpass", 300), ("lowpass", 3400)])


def noise(source: Path, target: Path) -> None:
    """White noise 10 dB below the recording's mean power, as 16 kHz mono WAV; the same in every run."""
    import numpy as np
    import soundfile

    _convert(source, target, {"ar": RATE, "acodec": "pcm_s16le"})
    samples, rate = soundfile.read(target, dtype="float32")
    if not len(samples):
        raise BadMediaError(f"{source} holds no audio; remove it from the manifest", code=ErrorCode.EMPTY_AUDIO)
    level = math.sqrt(float((samples**2).mean()) / 10 ** (NOISE_DB / 10))
    drawn = np.random.default_rng(len(samples))
    for start in range(0, len(samples), BLOCK):
        piece = samples[start : start + BLOCK]
        piece += drawn.standard_normal(len(piece)).astype("float32") * level
    samples /= max(1.0, float(samples.max()), -float(samples.min()))
    soundfile.write(target, samples, rate)


CONDITIONS: dict[str, Degrade] = {"telephone": telephone, "noise 10 dB": noise}


def _convert(source: Path, target: Path, options: dict[str, Option], filters: Filters = ()) -> None:
    output = Output(f"file:{target.absolute()}", {"ac": 1, "format": "wav", **options}, filters)
    command = convert(f"file:{source.absolute()}", "a:0", [output], reading=HARDENING)
    ended = run(command, LIMIT, lambda _: None, name=source.name)
    if ended.code != 0:
        raise BadMediaError(
            f"{source} cannot be read: {' / '.join(ended.messages[-3:])}; remove it from the manifest",
            code=ErrorCode.NOT_READABLE,
        )
