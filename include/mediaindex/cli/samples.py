"""``mediaindex samples FOLDER``: sample recordings for a first run."""

from __future__ import annotations

from pathlib import Path

import typer

from .options import Json
from .terminal import say, say_json


def samples(
    folder: Path = typer.Argument(..., file_okay=False, help="The folder to write to."), *, as_json: Json = False
) -> None:
    """Write five sample recordings to FOLDER: a dialogue, a reader, a video, a French reader, a noisy clip.

    Example:

      mediaindex samples samples && mediaindex index samples/* --out transcripts
    """
    from mediaindex.samples import SAMPLES, make_samples

    made = list(zip(make_samples(folder), SAMPLES, strict=True))
    if as_json:
        say_json([{"file": str(path), "about": sample.about} for path, sample in made], indent=2)
        return
    for path, sample in made:
        say(f"{path}: {sample.about}")
