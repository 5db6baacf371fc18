"""Transcripts in the formats of other programs: SubRip, WebVTT, podcast JSON, RTTM. Pure functions to text."""

from .captions import to_srt, to_vtt
from .files import to_rttm
from .podcast_json import to_podcast_json

__all__ = ["to_podcast_json", "to_rttm", "to_srt", "to_vtt"]
