"""Readings of ffprobe output, without files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mediaindex.stages.media.probe import AudioStream, SourceFile


def audio_stream(index: int = 0, **more: Any) -> AudioStream:
    """A mono stream of AAC, with these changes."""
    usual: dict[str, Any] = {
        "codec": "aac", "sample_rate": 16_000, "channels": 1, "layout": "mono", "start": None, "duration": None,
        "default": False, "side": False,
    }  # fmt: skip
    return AudioStream(index, **(usual | more))


def source_file(*streams: AudioStream, container: str = "mov,mp4,m4a,3gp,3g2,mj2", **more: Any) -> SourceFile:
    """A file with these streams."""
    usual: dict[str, Any] = {"path": Path("talk.mp4"), "duration": None, "has_video": False, "title": None}
    return SourceFile(container=container, streams=streams, **(usual | more))
