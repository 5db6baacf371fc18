"""Batches of recordings: planning them, settling their results, sweeping what dead runs left."""
