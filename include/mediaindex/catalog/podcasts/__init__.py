"""Feeds and episodes of podcasts."""
