"""Podcasts: reading feeds and copying their episodes. All of it comes from strangers, and is treated so.

Knows nothing of S3 or PostgreSQL: what is copied goes into a ``Sink``, what is known comes as arguments.
"""
