"""Erasure receipts, and which objects retention rules select."""
