"""Words, turns, spans and transcripts: immutable, in seconds on the source's clock, checked at construction."""

from .clock import Anchor, Clock
from .span import RESOLUTION, Span, TimelineError, merged, round_to_ms
from .transcript import Transcript
from .turn import SpeakerSpan, Turn, check_order
from .word import Word, check_probability

__all__ = [
    "RESOLUTION",
    "Anchor",
    "Clock",
    "Span",
    "SpeakerSpan",
    "TimelineError",
    "Transcript",
    "Turn",
    "Word",
    "check_order",
    "check_probability",
    "merged",
    "round_to_ms",
]
