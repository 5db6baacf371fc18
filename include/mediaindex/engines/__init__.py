"""Thin adapters over the speech and language libraries, each behind a Protocol of stages.protocols."""
