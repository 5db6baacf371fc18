"""All stages, wired to the engines that they ask for: the one place that knows both."""

from __future__ import annotations

from mediaindex.contract import results
from mediaindex.contract.job import Hints
from mediaindex.stages import assess, detect_speech, diarize, find_topics, identify_language, normalize, transcribe

from . import summaries
from .binding import Binding, Inputs
from .normalize_item import ENGINE

VOCABULARY = 2  # of the way terms are found: it changes what was written with any, and nothing else


def _assess(inputs: Inputs, settings: assess.Settings) -> results.Assessment:
    normalized, speech, speakers, language, recognition = (inputs.upstream[stage] for stage in ASSESS_READS)
    return assess.assess(normalized, speech, speakers, language, recognition, settings)


def _diarize(inputs: Inputs, settings: diarize.Settings) -> results.Speakers:
    hints, engines = inputs.item.hints, inputs.engines
    detector = engines.detector if hints.party_a_channel else None
    return diarize.diarize(inputs.audio(), engines.diarizer, settings, hints.speakers, detector)


def _diarize_hints(hints: Hints) -> dict[str, str]:
    speakers = {"speakers": str(hints.speakers)} if hints.speakers else {}
    return speakers | ({"party_a_channel": "yes"} if hints.party_a_channel else {})


def _transcribe_hints(hints: Hints) -> dict[str, str]:
    terms = {"vocabulary": "\n".join(sorted(hints.vocabulary)), "vocabulary.version": str(VOCABULARY)}
    return terms if hints.vocabulary else {}


ASSESS_READS = ("normalize", "detect_speech", "diarize", "identify_language", "transcribe")

NORMALIZE = Binding(
    name="normalize",
    version=normalize.VERSION,
    reads=(),
    settings=normalize.Settings,
    result=results.NormalizedAudio,
    programs=(ENGINE,),
    run=lambda inputs, settings: NotImplemented,  # normalize_item: its input is the recording, not an artifact
    summary=summaries.of_normalized,
    concurrent=True,
)

DETECT_SPEECH = Binding(
    name="detect_speech",
    version=detect_speech.VERSION,
    reads=("normalize",),
    settings=detect_speech.Settings,
    result=results.Speech,
    run=lambda inputs, settings: detect_speech.detect_speech(inputs.audio(), inputs.engines.detector, settings),
    summary=summaries.of_speech,
    engines=("detector",),
    concurrent=True,
)

DIARIZE = Binding(
    name="diarize",
    version=diarize.VERSION,
    reads=("normalize",),
    settings=diarize.Settings,
    result=results.Speakers,
    run=_diarize,
    summary=summaries.of_speakers,
    engines=("diarizer", "detector"),
    concurrent=True,
    hints=_diarize_hints,
)

IDENTIFY_LANGUAGE = Binding(
    name="identify_language",
    version=identify_language.VERSION,
    reads=("normalize",),
    settings=identify_language.Settings,
    result=results.Language,
    run=lambda inputs, settings: identify_language.identify_language(
        inputs.audio(), inputs.engines.detector, inputs.engines.identifier, settings, inputs.item.hints.languages
    ),
    summary=summaries.of_language,
    engines=("detector", "identifier"),
    concurrent=True,
    hints=lambda hints: {"languages": ",".join(sorted(hints.languages))} if hints.languages else {},
)

TRANSCRIBE = Binding(
    name="transcribe",
    version=transcribe.VERSION,
    reads=("normalize", "detect_speech", "identify_language"),
    settings=transcribe.Settings,
    result=results.Recognition,
    run=lambda inputs, settings: transcribe.transcribe(
        inputs.audio(),
        inputs.upstream["detect_speech"],
        inputs.upstream["identify_language"],
        inputs.engines.recognisers,
        settings,
        inputs.item.hints.vocabulary,
    ),
    summary=summaries.of_recognition,
    engines=("recognisers",),
    concurrent=True,
    hints=_transcribe_hints,
)

ASSESS = Binding(
    name="assess",
    version=assess.VERSION,
    reads=ASSESS_READS,
    settings=assess.Settings,
    result=results.Assessment,
    run=_assess,
    summary=summaries.of_assessment,
)

FIND_TOPICS = Binding(
    name="find_topics",
    version=find_topics.VERSION,
    reads=("assess",),
    settings=find_topics.Settings,
    result=results.Topics,
    run=lambda inputs, settings: find_topics.find_topics(
        inputs.upstream["assess"].transcript,
        inputs.engines.reader,
        inputs.engines.restorer,
        inputs.engines.number_finder,
        settings,
    ),
    summary=summaries.of_topics,
    engines=("reader", "restorer", "number_finder"),
)

# In the order in which a recording passes them.
BINDINGS = {
    binding.name: binding
    for binding in (NORMALIZE, DETECT_SPEECH, DIARIZE, IDENTIFY_LANGUAGE, TRANSCRIBE, ASSESS, FIND_TOPICS)
}
