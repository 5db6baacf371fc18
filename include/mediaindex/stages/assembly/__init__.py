"""From words to a transcript: speakers, turns, coverage, doubts."""
