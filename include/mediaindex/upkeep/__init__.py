"""Erasing, retaining, verifying: what spans catalog, storage and search."""
