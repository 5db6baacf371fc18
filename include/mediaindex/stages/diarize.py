"""The stage ``diarize``: who speaks when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mediaindex.contract.results import Speakers
from mediaindex.contract.settings import DetectSpeechSettings, DiarizeSettings
from mediaindex.timeline import Clock, SpeakerSpan

from .channels import SameVoicesError, by_channel

if TYPE_CHECKING:
    from .audio import Audio
    from .protocols import Diarized, Diarizer, SpeechDetector

VERSION = 4


def diarize(
    audio: Audio,
    diarizer: Diarizer,
    settings: DiarizeSettings,
    speakers: int | None = None,
    channel_detector: SpeechDetector | None = None,
) -> Speakers:
    """Speaker spans on the source's clock, sorted by start; ``speakers``: their number if it is known.

    A span is cut at each jump of the clock: a gap of the source holds no speech.

    ``channel_detector``: given for recordings declared to have one speaker per channel. The channel is then the
    speaker. If the channels do not bear this out, the diarizer is used and the result has a warning.
    Raises ValueError if ``speakers`` is not positive. Silence gives no span and a count of 0.
    """
    if speakers is not None and speakers < 1:
        raise ValueError(f"{speakers} speakers: the number must be 1 or more; omit it if it is unknown")
    warnings: tuple[str, ...] = ()
    if channel_detector is not None:
        try:
            return _result(_by_channel(audio, channel_detector, settings), audio.clock, settings)
        except SameVoicesError as error:
            warnings = (f"not one speaker per channel: {error}; its speakers were distinguished by voice",)
    diarized = diarizer.diarize(audio, speakers)
    return replace(_result(diarized, audio.clock, settings, keep_all=speakers is not None), warnings=warnings)


def _by_channel(audio: Audio, detector: SpeechDetector, settings: DiarizeSettings) -> Diarized:
    if audio.channels is None:
        raise SameVoicesError("the recording has one channel, or more than can be kept")
    return by_channel(audio, detector, settings.cross_talk_margin, DetectSpeechSettings())


def _result(diarized: Diarized, clock: Clock, settings: DiarizeSettings, *, keep_all: bool = True) -> Speakers:
    spans = _on_source_clock(diarized.spans, clock, settings.shortest_span)
    exclusive = _on_source_clock(diarized.exclusive, clock, settings.shortest_span)
    if not keep_all:
        reliable = _reliable(exclusive, settings)
        spans = [span for span in spans if span.speaker in reliable]
        exclusive = [span for span in exclusive if span.speaker in reliable]
    return Speakers(*_renamed(spans, exclusive))


def _on_source_clock(spans: Iterable[SpeakerSpan], clock: Clock, shortest: float) -> list[SpeakerSpan]:
    # The shortest length applies before the cut: the short end of a span that a jump of the clock cuts off is no click.
    moved = [
        SpeakerSpan(piece.start, piece.end, span.speaker)
        for span in spans
        if span.duration >= shortest
        for piece in clock.pieces_to_source(span)
    ]
    return sorted(moved, key=lambda span: (span.start, span.end, span.speaker))


def _reliable(exclusive: Iterable[SpeakerSpan], settings: DiarizeSettings) -> frozenset[str]:
    """Speakers with enough speech; at least one, if there is any speech."""
    durations: dict[str, float] = {}
    for span in exclusive:
        durations[span.speaker] = durations.get(span.speaker, 0.0) + span.duration
    enough = min(settings.briefest_speaker, settings.briefest_share * sum(durations.values()))
    return frozenset(speaker for speaker, duration in durations.items() if duration >= enough)


def _renamed(
    spans: list[SpeakerSpan], exclusive: list[SpeakerSpan]
) -> tuple[tuple[SpeakerSpan, ...], tuple[SpeakerSpan, ...], int]:
    """Both lists, with labels renumbered in order of appearance, and the number of speakers."""
    labels: dict[str, str] = {}
    for span in [*spans, *exclusive]:
        labels.setdefault(span.speaker, f"SPEAKER_{len(labels):02d}")
    renamed, renamed_exclusive = (
        tuple(replace(span, speaker=labels[span.speaker]) for span in group) for group in (spans, exclusive)
    )
    return renamed, renamed_exclusive, len(labels)
