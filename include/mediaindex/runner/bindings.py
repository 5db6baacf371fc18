"""The bindings of all stages: the only module that knows both stages and engines."""

from __future__ import annotations

from mediaindex.contract import pipeline, results
from mediaindex.contract.job import Hints
from mediaindex.contract.settings import AssessSettings, DiarizeSettings
from mediaindex.stages import assess, detect_speech, diarize, find_topics, identify_language, normalize, transcribe

from . import summaries
from .binding import Binding, Inputs
from .normalize_item import ENGINE

VOCABULARY = 2  # version of the search for terms; enters the fingerprint only if a vocabulary is given


def _assess(inputs: Inputs, settings: AssessSettings) -> results.Assessment:
    normalized, speech, speakers, language, recognition = (inputs.upstream[stage] for stage in pipeline.ASSESS.reads)
    return assess.assess(normalized, speech, speakers, language, recognition, settings)


def _diarize(inputs: Inputs, settings: DiarizeSettings) -> results.Speakers:
    hints, engines = inputs.item.hints, inputs.engines
    by_channel = hints.party_a_channel or inputs.upstream["normalize"].speaker_per_channel
    detector = engines.detector if by_channel else None
    return diarize.diarize(inputs.audio(), engines.diarizer, settings, hints.speakers, detector)


def _diarize_hints(hints: Hints) -> dict[str, str]:
    speakers = {"speakers": str(hints.speakers)} if hints.speakers else {}
    return speakers | ({"party_a_channel": "yes"} if hints.party_a_channel else {})


def _transcribe_hints(hints: Hints) -> dict[str, str]:
    terms = {"vocabulary": "\n".join(sorted(hints.vocabulary)), "vocabulary.version": str(VOCABULARY)}
    return terms if hints.vocabulary else {}


NORMALIZE = Binding(
    stage=pipeline.NORMALIZE,
    version=normalize.VERSION,
    programs=(ENGINE,),
    run=lambda inputs, settings: NotImplemented,  # see normalize_item: its input is the recording, not an artifact
    summary=summaries.of_normalized,
    concurrent=True,
)

DETECT_SPEECH = Binding(
    stage=pipeline.DETECT_SPEECH,
    version=detect_speech.VERSION,
    run=lambda inputs, settings: detect_speech.detect_speech(inputs.audio(), inputs.engines.detector, settings),
    summary=summaries.of_speech,
    engines=("detector",),
    concurrent=True,
)

DIARIZE = Binding(
    stage=pipeline.DIARIZE,
    version=diarize.VERSION,
    run=_diarize,
    summary=summaries.of_speakers,
    engines=("diarizer", "detector"),
    concurrent=True,
    hints=_diarize_hints,
)

IDENTIFY_LANGUAGE = Binding(
    stage=pipeline.IDENTIFY_LANGUAGE,
    version=identify_language.VERSION,
    run=lambda inputs, settings: identify_language.identify_language(
        inputs.audio(), inputs.engines.detector, inputs.engines.identifier, settings, inputs.item.hints.languages
    ),
    summary=summaries.of_language,
    engines=("detector", "identifier"),
    concurrent=True,
    hints=lambda hints: {"languages": ",".join(sorted(hints.languages))} if hints.languages else {},
)

TRANSCRIBE = Binding(
    stage=pipeline.TRANSCRIBE,
    version=transcribe.VERSION,
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
    stage=pipeline.ASSESS,
    version=assess.VERSION,
    run=_assess,
    summary=summaries.of_assessment,
)

FIND_TOPICS = Binding(
    stage=pipeline.FIND_TOPICS,
    version=find_topics.VERSION,
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

BINDINGS = {
    binding.name: binding
    for binding in (NORMALIZE, DETECT_SPEECH, DIARIZE, IDENTIFY_LANGUAGE, TRANSCRIBE, ASSESS, FIND_TOPICS)
}
