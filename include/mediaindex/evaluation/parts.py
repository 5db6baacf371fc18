"""The part of a file that a manifest line names, as a file of its own."""

from __future__ import annotations

import math
from pathlib import Path

from mediaindex.errors import BadMediaError
from mediaindex.stages.media.process import GLOBAL, HARDENING, run

from .manifest import Entry

LIMIT = 600.0  # s that ffmpeg may take for one part


def part_of(entry: Entry, folder: Path, number: int) -> Path:
    """The recording itself, or its part as FLAC in ``folder``; rate and channels stay. BadMediaError where it fails."""
    import ffmpeg

    if not entry.is_part:
        return entry.audio_filepath
    target = folder / f"{number:05d}-{entry.audio_filepath.stem}.flac"
    until = {} if math.isinf(entry.end) else {"t": entry.end - entry.start}
    opened = ffmpeg.input(f"file:{entry.audio_filepath}", ss=entry.start, **until, **HARDENING)
    output = ffmpeg.output(opened["a:0"], f"file:{target}", acodec="flac", format="flac")
    command = output.global_args(*GLOBAL, "-v", "error", "-y").compile()
    ended = run(command, LIMIT, lambda _piece: None, name=entry.audio_filepath.name)
    if ended.code != 0:
        raise BadMediaError(
            f"{entry.audio_filepath}: {entry.start:g} s to {entry.end:g} s cannot be cut out: "
            f"{' / '.join(ended.messages[-3:])}",
            code="part_not_readable",
        )
    return target
