"""``make demo``: real recordings through the real pipeline, from the bucket to the search hit."""
