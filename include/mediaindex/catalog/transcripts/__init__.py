"""Transcripts, their reviews, and the outbox of publications."""
