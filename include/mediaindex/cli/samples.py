"""``mediaindex samples FOLDER``: sample recordings for a first run."""

from __future__ import annotations

from pathlib import Path

import typer


def samples(folder: Path = typer.Argument(..., file_okay=False, help="The folder to write to.")) -> None:
    """Write five sample recordings to FOLDER: a dialogue, a reader, a video, a French reader, a noisy clip.

    Example:

      mediaindex samples samples && mediaindex index samples/* --out transcripts
    """
    from mediaindex.samples import SAMPLES, make_samples

    for path, sample in zip(make_samples(folder), SAMPLES, strict=True):
        print(f"{path}: {sample.about}")
