"""``mediaindex samples DIR``: real recordings for a first try."""

from __future__ import annotations

from pathlib import Path

import typer


def samples(folder: Path = typer.Argument(..., file_okay=False, help="Where to put them.")) -> None:
    """Put five sample recordings into FOLDER: a dialogue, a reader, a video, another language, a noisy clip.

    Example:  mediaindex samples samples && mediaindex index samples/* --out transcripts
    """
    from mediaindex.samples import SAMPLES, make_samples

    for path, sample in zip(make_samples(folder), SAMPLES, strict=True):
        print(f"{path}: {sample.about}")
