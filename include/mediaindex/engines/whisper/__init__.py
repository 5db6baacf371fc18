"""Whisper through faster-whisper."""
