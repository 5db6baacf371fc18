"""Erasure receipts, and the objects that retention selects."""
