"""The stages in the order in which a recording passes them; importing this imports no stage."""

STAGES = (
    "normalize",
    "detect_speech",
    "diarize",
    "identify_language",
    "transcribe",
    "assess",
    "find_topics",
)
