"""Transcripts as other programs read them: SubRip, WebVTT, podcast JSON, RTTM. Pure functions to text."""

from .podcast_json import to_podcast_json
from .rttm import to_rttm
from .srt import to_srt
from .vtt import to_vtt

__all__ = ["to_podcast_json", "to_rttm", "to_srt", "to_vtt"]
