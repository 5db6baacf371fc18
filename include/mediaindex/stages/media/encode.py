"""Pass 2: noise reduction if asked for, gain, FLAC."""

from __future__ import annotations

from pathlib import Path

from mediaindex.errors import TransientError
from mediaindex.stages.protocols import SAMPLE_RATE

from . import failures
from .process import GLOBAL, run


def encode_flac(pcm: Path, channels: int, seconds: float, filters: list[str], target: Path) -> None:
    """16 kHz s16le PCM through ``filters`` into a FLAC that appears under ``target`` only when it is whole.

    Raises OSError where the disk is full, TransientError where ffmpeg fails otherwise.
    """
    import ffmpeg

    part = target.with_name(f"{target.name}.part")
    opened = ffmpeg.input(f"file:{pcm.absolute()}", format="s16le", ar=SAMPLE_RATE, ac=channels)
    options = {"acodec": "flac", "format": "flac", "sample_fmt": "s16", "fflags": "+bitexact", "flags": "+bitexact"}
    if filters:
        options["af"] = ",".join(filters)
    output = ffmpeg.output(opened["0"], f"file:{part.absolute()}", **options)
    command = output.global_args(*GLOBAL, "-v", "error", "-y").compile()
    ended = run(command, 120.0 + seconds / 4, lambda _piece: None, name=target.name)
    if ended.code != 0:
        failures.check_disk(ended.messages, target)
        part.unlink(missing_ok=True)
        # The input is our own PCM, so the machine is at fault: and its disk has room.
        raise TransientError(
            f"{target.name} could not be written: {' / '.join(ended.messages[-3:])}", code="ffmpeg_failed"
        )
    part.replace(target)
