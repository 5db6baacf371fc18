"""All stages, wired to the engines that they ask for: the one place that knows both."""

from __future__ import annotations

from mediaindex.gates import assess
from mediaindex.stages import (
    detect_speech,
    diarize,
    find_topics,
    identify_language,
    normalize,
    results,
    transcribe,
)

from . import summaries
from .binding import Binding, Inputs
from .normalize_item import ENGINE


def _assess(inputs: Inputs, settings: assess.Settings) -> results.Assessment:
    normalized, speech, speakers, language, recognition = (inputs.upstream[stage] for stage in ASSESS_READS)
    return assess.assess(normalized, speech, speakers, language, recognition, settings)


ASSESS_READS = ("normalize", "detect_speech", "diarize", "identify_language", "transcribe")

NORMALIZE = Binding(
    name="normalize",
    version=normalize.VERSION,
    reads=(),
    settings=normalize.Settings,
    result=results.NormalizedAudio,
    identities=lambda _: (ENGINE,),
    run=lambda inputs, settings: NotImplemented,  # normalize_item: its input is the recording, not an artifact
    summary=summaries.of_normalized,
)

DETECT_SPEECH = Binding(
    name="detect_speech",
    version=detect_speech.VERSION,
    reads=("normalize",),
    settings=detect_speech.Settings,
    result=results.Speech,
    identities=lambda engines: (engines.detector.identity,),
    run=lambda inputs, settings: detect_speech.detect_speech(inputs.audio(), inputs.engines.detector, settings),
    summary=summaries.of_speech,
)

DIARIZE = Binding(
    name="diarize",
    version=diarize.VERSION,
    reads=("normalize",),
    settings=diarize.Settings,
    result=results.Speakers,
    identities=lambda engines: (engines.diarizer.identity,),
    run=lambda inputs, settings: diarize.diarize(
        inputs.audio(), inputs.engines.diarizer, settings, inputs.item.hints.speakers
    ),
    summary=summaries.of_speakers,
    hints=lambda hints: {"speakers": str(hints.speakers)} if hints.speakers else {},
)

IDENTIFY_LANGUAGE = Binding(
    name="identify_language",
    version=identify_language.VERSION,
    reads=("normalize",),
    settings=identify_language.Settings,
    result=results.Language,
    identities=lambda engines: (engines.detector.identity, engines.identifier.identity),
    run=lambda inputs, settings: identify_language.identify_language(
        inputs.audio(), inputs.engines.detector, inputs.engines.identifier, settings, inputs.item.hints.languages
    ),
    summary=summaries.of_language,
    hints=lambda hints: {"languages": ",".join(sorted(hints.languages))} if hints.languages else {},
)

TRANSCRIBE = Binding(
    name="transcribe",
    version=transcribe.VERSION,
    reads=("normalize", "detect_speech", "identify_language"),
    settings=transcribe.Settings,
    result=results.Recognition,
    identities=lambda engines: tuple(recogniser.identity for recogniser in engines.recognisers),
    run=lambda inputs, settings: transcribe.transcribe(
        inputs.audio(),
        inputs.upstream["detect_speech"],
        inputs.upstream["identify_language"],
        inputs.engines.recognisers,
        settings,
        inputs.item.hints.vocabulary,
    ),
    summary=summaries.of_recognition,
    hints=lambda hints: {"vocabulary": "\n".join(sorted(hints.vocabulary))} if hints.vocabulary else {},
)

ASSESS = Binding(
    name="assess",
    version=assess.VERSION,
    reads=ASSESS_READS,
    settings=assess.Settings,
    result=results.Assessment,
    identities=lambda _: (),
    run=_assess,
    summary=summaries.of_assessment,
)

FIND_TOPICS = Binding(
    name="find_topics",
    version=find_topics.VERSION,
    reads=("assess",),
    settings=find_topics.Settings,
    result=results.Topics,
    identities=lambda engines: (engines.reader.identity, engines.restorer.identity),
    run=lambda inputs, settings: find_topics.find_topics(
        inputs.upstream["assess"].transcript, inputs.engines.reader, inputs.engines.restorer, settings
    ),
    summary=summaries.of_topics,
)

# In the order in which a recording passes them.
BINDINGS = {
    binding.name: binding
    for binding in (NORMALIZE, DETECT_SPEECH, DIARIZE, IDENTIFY_LANGUAGE, TRANSCRIBE, ASSESS, FIND_TOPICS)
}
