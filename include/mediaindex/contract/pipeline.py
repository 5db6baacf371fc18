"""The table of the pipeline's stages, from which order, readers, commands and forecasts are derived.

To add a stage, add a row here, its settings and result in this package, its work in ``stages`` and its engines in
``runner``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from . import results, settings

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a stage, used until an installation has measurements of its own.

    ``cpu``: core seconds per second of audio; ``cores``: how many cores the stage keeps busy; ``batch_s``: core seconds
    per batch, for loading models. Measured on two cores with twenty minutes of read speech.
    """

    cpu: float
    cores: int
    batch_s: float


@dataclass(frozen=True, slots=True)
class Stage(Generic[R_co]):
    """``reads``: the stages whose results it needs. ``result``: what its artifact holds."""

    name: str
    reads: tuple[str, ...]
    result: type[R_co]
    settings: type[Any]
    cost: Cost
    after_triage: bool = False


NORMALIZE = Stage("normalize", (), results.NormalizedAudio, settings.NormalizeSettings, Cost(0.0053, 1, 0.45))
DETECT_SPEECH = Stage(
    "detect_speech", ("normalize",), results.Speech, settings.DetectSpeechSettings, Cost(0.0025, 1, 0.05)
)
DIARIZE = Stage("diarize", ("normalize",), results.Speakers, settings.DiarizeSettings, Cost(0.049, 2, 0.3))
IDENTIFY_LANGUAGE = Stage(
    "identify_language", ("normalize",), results.Language, settings.IdentifyLanguageSettings, Cost(0.044, 2, 2.0)
)
TRANSCRIBE = Stage(
    "transcribe",
    ("normalize", "detect_speech", "identify_language"),
    results.Recognition,
    settings.TranscribeSettings,
    Cost(0.0135, 2, 2.4),
    after_triage=True,
)
ASSESS = Stage(
    "assess",
    ("normalize", "detect_speech", "diarize", "identify_language", "transcribe"),
    results.Assessment,
    settings.AssessSettings,
    Cost(0.0002, 1, 0.05),
    after_triage=True,
)
FIND_TOPICS = Stage(
    "find_topics", ("assess",), results.Topics, settings.FindTopicsSettings, Cost(0.001, 1, 1.0), after_triage=True
)

# In processing order.
STAGES: dict[str, Stage[Any]] = {
    stage.name: stage
    for stage in (NORMALIZE, DETECT_SPEECH, DIARIZE, IDENTIFY_LANGUAGE, TRANSCRIBE, ASSESS, FIND_TOPICS)
}
BEFORE_TRIAGE = tuple(name for name, stage in STAGES.items() if not stage.after_triage)
AFTER_TRIAGE = tuple(name for name, stage in STAGES.items() if stage.after_triage)
LAST_STAGE = tuple(STAGES)[-1]

# Steps of a run that are not stages, and the stages that a recording must have completed before each. An item whose
# stage failed in this run (a transient failure after the last retry) is not among the items of the next step.
STEPS: dict[str, tuple[str, ...]] = {
    "triage": ("normalize", "detect_speech", "identify_language"),
    "queue_for_review": (),
    "load_transcripts": ("transcribe", "assess", "find_topics"),
}
PASSED_BEFORE = {name: stage.reads for name, stage in STAGES.items()} | STEPS
