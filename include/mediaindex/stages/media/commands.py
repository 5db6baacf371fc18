"""Compose ffmpeg and ffprobe commands as argument lists: the only module that uses ffmpeg-python.

``process.run`` runs the commands, with limits that the library does not offer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

from mediaindex.stages.protocols import SAMPLE_RATE

# The value of an option; None for an option without one.
Option: TypeAlias = str | int | float | None
# The name and arguments of each filter, in order.
Filters: TypeAlias = Sequence[tuple[str | int | float, ...]]

# Limits for every source: protocols, memory of one allocation, number of streams.
HARDENING: Mapping[str, Option] = {"protocol_whitelist": "file,pipe", "max_streams": 64}
_LIMITS = ("-hide_banner", "-max_alloc", str(512 << 20))


def pcm_reading(channels: int) -> dict[str, Option]:
    """Options for reading headerless 16 kHz s16le PCM."""
    return {"format": "s16le", "ar": SAMPLE_RATE, "ac": channels}


@dataclass(frozen=True, slots=True)
class Output:
    """An output of ffmpeg: its URL and options, and the filters before it, which outputs with equal ones share."""

    url: str
    options: Mapping[str, Option]
    filters: Filters = ()


def convert(
    url: str,
    stream: str,
    outputs: Sequence[Output],
    *,
    reading: Mapping[str, Option],
    overwrite: bool = True,
    verbosity: str = "error",
) -> list[str]:
    """The ffmpeg command that writes one stream of ``url`` to every output.

    ``stream``: as ffmpeg names it within its file (``0``, ``a:0``); ``reading``: options before ``-i``.
    """
    import ffmpeg

    audio = ffmpeg.input(url, **reading)[stream]
    chains = {chain: _filtered(audio, chain, outputs) for chain in dict.fromkeys(tuple(o.filters) for o in outputs)}
    written = [ffmpeg.output(next(chains[tuple(o.filters)]), o.url, **o.options) for o in outputs]
    general = (*_LIMITS, "-nostdin", "-nostats", "-v", verbosity, *(["-y"] if overwrite else []))
    command: list[str] = ffmpeg.merge_outputs(*written).global_args(*general).compile()
    return command


def _filtered(audio: Any, chain: Filters, outputs: Sequence[Output]) -> Iterator[Any]:
    """The filtered stream, once for each of the outputs that share the chain."""
    for name, *arguments in chain:
        audio = audio.filter(name, *arguments)
    sharing = sum(tuple(output.filters) == chain for output in outputs)
    if chain and sharing > 1:
        split = audio.filter_multi_output("asplit", sharing)
        return (split[index] for index in range(sharing))
    return repeat(audio)


def inspect(url: str, options: Mapping[str, Option]) -> list[str]:
    """The ffprobe command with these options.

    Composed by hand, because ffmpeg-python has no public function that composes an ffprobe command without running it.
    """
    arguments_by_name = sorted({**HARDENING, **options}.items())
    arguments = [part for name, value in arguments_by_name for part in (f"-{name}", value) if part is not None]
    return ["ffprobe", *_LIMITS, "-v", "error", *map(str, arguments), url]
