"""Concatenate recordings, for benches that need long ones."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def joined(files: Sequence[Path], target: Path, *options: str, again: bool = False) -> Path:
    """Write the files in sequence to ``target``; ``again``: repeat them up to the limit in ffmpeg's ``options``."""
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file '{file}'\n" for file in files), "utf-8")
    source = [*(["-stream_loop", "-1"] if again else []), "-f", "concat", "-safe", "0", "-i", str(listing)]
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *source, *options, str(target)], check=True)
    return target
