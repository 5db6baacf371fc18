"""Pass 2: noise reduction if requested, gain, FLAC."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from mediaindex.errors import ErrorCode, TransientError

from .commands import Option, Output, convert, pcm_reading
from .levels import FLOOR, frame_levels
from .process import check_disk, run

if TYPE_CHECKING:
    from pathlib import Path


def encode_flac(pcm: Path, channels: int, seconds: float, chain: str | None, target: Path) -> None:
    """Encode 16 kHz s16le PCM through the filters of ``chain`` as FLAC; ``target`` appears only when it is complete.

    Raises OSError if the disk is full, TransientError if ffmpeg fails otherwise.
    """
    part = target.with_name(f"{target.name}.part")
    options: dict[str, Option] = {"acodec": "flac", "format": "flac", "sample_fmt": "s16"}
    options |= {"fflags": "+bitexact", "flags": "+bitexact"}
    if chain:
        options["af"] = chain
    output = Output(f"file:{part.absolute()}", options)
    command = convert(f"file:{pcm.absolute()}", "0", [output], reading=pcm_reading(channels))
    ended = run(command, 120.0 + seconds / 4, lambda _piece: None, name=target.name)
    if ended.code != 0:
        check_disk(ended.messages, target)
        part.unlink(missing_ok=True)
        # The input is PCM that this package wrote, so the machine is at fault, and its disk is not full.
        raise TransientError(
            f"{target.name} cannot be written: {' / '.join(ended.messages[-3:])}; it is tried again",
            code=ErrorCode.FFMPEG_FAILED,
        )
    part.replace(target)


FRAME = 512  # samples, 32 ms
BLOCK = FRAME * 10_000  # samples in memory at a time
REDUCTION_DB = 12
# Measured with white, pink and brown noise under speech: 5 dB above the quietest frames removes 2-11 dB of noise and at
# most 1.1 dB of speech at 5 dB SNR; a higher value removes speech.
ABOVE_FLOOR_DB = 5.0
LOWEST_DB, HIGHEST_DB = -80.0, -20.0  # what afftdn accepts


def noise_filter(pcm: Path) -> str:
    """ffmpeg's FFT denoiser with the noise level of this mono s16le PCM: that of the quietest tenth of its frames.

    The denoiser's own tracking of the noise barely helps.
    """
    import numpy as np

    samples = np.memmap(pcm, dtype="<i2", mode="r")
    blocks = (samples[start : start + BLOCK] for start in range(0, len(samples), BLOCK))
    powers = [frame_levels(block.astype(np.float32) / np.float32(32768), FRAME) for block in blocks]
    floor = 10 * math.log10(max(float(np.percentile(np.concatenate(powers), 10)), FLOOR))
    level = min(HIGHEST_DB, max(LOWEST_DB, floor + ABOVE_FLOOR_DB))
    return f"afftdn=nr={REDUCTION_DB}:nf={level:.1f}"
