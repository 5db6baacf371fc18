"""Who speaks when."""

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
    """Speaker spans on the source's clock, sorted by start; ``speakers``: their number where it is known.

    A span is cut where the clock jumps: nobody speaks inside a gap of the source.

    ``channel_detector``: for recordings said to carry one party a channel. The channel is the speaker then, and the
    diarizer is asked only where that turns out not to be so, which the result's warnings tell.
    Raises ValueError when ``speakers`` is not positive. Silence gives no span and a count of 0.
    """
    if speakers is not None and speakers < 1:
        raise ValueError(f"{speakers} speakers: give their number (1 or more), or leave it open")
    warnings: tuple[str, ...] = ()
    if channel_detector is not None:
        try:
            return _result(_by_channel(audio, channel_detector, settings), audio.clock, settings)
        except SameVoicesError as trouble:
            warnings = (f"not one party a channel: {trouble}; its speakers were told apart by voice",)
    heard = diarizer.diarize(audio, speakers)
    return replace(_result(heard, audio.clock, settings, believe_all=speakers is not None), warnings=warnings)


def _by_channel(audio: Audio, detector: SpeechDetector, settings: DiarizeSettings) -> Diarized:
    if audio.channels is None:
        raise SameVoicesError("it has one channel, or more than can be kept")
    return by_channel(audio, detector, settings.cross_talk_margin, DetectSpeechSettings())


def _result(heard: Diarized, clock: Clock, settings: DiarizeSettings, *, believe_all: bool = True) -> Speakers:
    spans = _on_source_clock(heard.spans, clock, settings.shortest_span)
    exclusive = _on_source_clock(heard.exclusive, clock, settings.shortest_span)
    if not believe_all:
        believed = _believed(exclusive, settings)
        spans = [span for span in spans if span.speaker in believed]
        exclusive = [span for span in exclusive if span.speaker in believed]
    return Speakers(*_renamed(spans, exclusive))


def _on_source_clock(spans: Iterable[SpeakerSpan], clock: Clock, shortest: float) -> list[SpeakerSpan]:
    # What is too short is so as it was heard: the clock cuts a span anywhere, and a short end of it is no click.
    moved = [
        SpeakerSpan(piece.start, piece.end, span.speaker)
        for span in spans
        if span.duration >= shortest
        for piece in clock.pieces_to_source(span)
    ]
    return sorted(moved, key=lambda span: (span.start, span.end, span.speaker))


def _believed(exclusive: Iterable[SpeakerSpan], settings: DiarizeSettings) -> frozenset[str]:
    """Speakers heard long enough; never nobody, where somebody was heard."""
    heard: dict[str, float] = {}
    for span in exclusive:
        heard[span.speaker] = heard.get(span.speaker, 0.0) + span.duration
    enough = min(settings.briefest_speaker, settings.briefest_share * sum(heard.values()))
    return frozenset(speaker for speaker, time in heard.items() if time >= enough)


def _renamed(
    spans: list[SpeakerSpan], exclusive: list[SpeakerSpan]
) -> tuple[tuple[SpeakerSpan, ...], tuple[SpeakerSpan, ...], int]:
    """Both lists and the count, with labels counted in order of appearance: a dropped span must leave no hole."""
    labels: dict[str, str] = {}
    for span in [*spans, *exclusive]:
        labels.setdefault(span.speaker, f"SPEAKER_{len(labels):02d}")
    named = [tuple(replace(span, speaker=labels[span.speaker]) for span in some) for some in (spans, exclusive)]
    return named[0], named[1], len(labels)
