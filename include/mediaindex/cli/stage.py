"""``mediaindex stage NAME FILE``: print the result of one stage as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from mediaindex.contract.pipeline import STAGES
from mediaindex.contract.settings import TrackPolicy

from . import options
from .terminal import say_json


def stage(
    name: str = typer.Argument(..., help=f"One of {', '.join(STAGES)}."),
    file: Path = typer.Argument(
        ..., exists=True, dir_okay=False, help="An audio or video file in a format that ffmpeg reads."
    ),
    language: list[str] = options.LANGUAGE,
    speakers: int | None = options.SPEAKERS,
    raw: str | None = options.RAW,
    party_a_channel: bool = options.PARTY_A_CHANNEL,
    tracks: TrackPolicy | None = options.TRACKS,
    vocabulary: Path | None = options.VOCABULARY,
    cache: Path | None = options.CACHE,
) -> None:
    """Run one stage over FILE, after the stages whose results it reads, and print its result as JSON.

    Example:

      mediaindex stage detect_speech talk.mp3 | jq '.spans[0]'
    """
    from mediaindex.errors import MediaindexError
    from mediaindex.runner.engines import Engines
    from mediaindex.runner.local import items_of, run_one
    from mediaindex.storage.artifacts import open_store

    from .fetching import fetch_missing

    if name not in STAGES:
        raise typer.BadParameter(f"unknown stage {name!r}; valid stages: {', '.join(STAGES)}")
    store = options.store_at(cache)
    hints = options.read_hints(
        language, speakers, raw, party_a_channel=party_a_channel, tracks=tracks, vocabulary=vocabulary
    )
    (item,) = items_of([file], hints)
    fetch_missing()
    _item, result = run_one(name, item, store, Engines())
    if result.error:
        raise MediaindexError(result.error.message, code=result.error.code)
    payload = open_store(store).get(str(result.audio_sha256), name, str(result.fingerprint))
    if payload is not None:
        say_json(json.loads(payload), indent=2)
