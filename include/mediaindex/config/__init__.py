"""Sources, pipeline and policies: typed, validated once; errors name file, line of thought and remedy."""
