"""Podcasts: read feeds and copy their episodes. All input is untrusted.

Independent of S3 and PostgreSQL: copied bytes go into a ``Sink``, known state is passed as arguments.
"""
