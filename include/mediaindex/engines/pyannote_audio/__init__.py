"""Diarization by the pipelines of pyannote.audio."""
