"""``make demo``: index sample recordings with real servers, from the bucket to the search hit."""
