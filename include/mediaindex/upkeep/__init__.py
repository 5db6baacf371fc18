"""Erasure, retention and verification across catalog, storage and search."""
