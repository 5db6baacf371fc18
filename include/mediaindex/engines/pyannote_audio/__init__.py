"""pyannote.audio's own pipelines."""
