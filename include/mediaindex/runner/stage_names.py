"""The stages in the order in which a recording passes them; importing this imports no stage."""

BEFORE_TRIAGE = ("normalize", "detect_speech", "diarize", "identify_language")
AFTER_TRIAGE = ("transcribe", "assess", "find_topics")
STAGES = BEFORE_TRIAGE + AFTER_TRIAGE
