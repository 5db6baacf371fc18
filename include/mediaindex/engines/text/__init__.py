"""Text: entities, case, numbers."""
