"""The sources file: typed and validated as a whole; errors name file, line, field and remedy."""
