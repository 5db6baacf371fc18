"""mediaindex: recordings in S3 become searchable, speaker-labelled transcripts."""

__version__ = "0.1.0"
