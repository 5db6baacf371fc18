"""Batches of recordings: plan them, settle their results, and sweep after failed runs."""
