"""EBU R128: the loudness of a recording, and the linear gain to the target loudness."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mediaindex.errors import ErrorCode, TransientError

from .commands import Output, convert, pcm_reading
from .process import run
from .robust_levels import limiter, of_pcm

# The absolute gate of R128: ffmpeg reports exactly this value if no block of 400 ms passes it.
GATE_LUFS = -70.0
REMOVE_OFFSET = "highpass=f=20"
LEAST_EXCESS_DB = 3.0  # above the ceiling of speech, from which a peak is limited
_INTEGRATED = re.compile(r"^I:\s+(\S+) LUFS$")
_PEAK = re.compile(r"^Peak:\s+(\S+) dBFS$")


@dataclass(frozen=True, slots=True)
class Loudness:
    """Integrated loudness (LUFS) and true peak (dBTP); None for silence."""

    integrated: float | None
    true_peak: float | None

    def shifted(self, by_db: float) -> Loudness:
        """The loudness of the same sound with this gain."""
        moved = (None if level is None else round(level + by_db, 1) for level in (self.integrated, self.true_peak))
        return Loudness(*moved)


@dataclass(frozen=True, slots=True)
class Measured:
    """The loudness after ``chain``, through which the audio is to be written."""

    loudness: Loudness
    chain: str | None


def measure(pcm: Path, channels: int, seconds: float, prepare: str | None) -> Loudness:
    """Loudness of 16 kHz s16le PCM after the filter chain ``prepare``. Raises TransientError if ffmpeg fails."""
    chain = join([prepare, "ebur128=peak=true:framelog=verbose"])
    # The input is PCM that this package wrote, so that no untrusted text is among the lines that are parsed.
    output = Output("pipe:1", {"af": chain, "format": "null"})
    url, reading = f"file:{pcm.absolute()}", pcm_reading(channels)
    command = convert(url, "0", [output], reading=reading, overwrite=False, verbosity="info")
    ended = run(command, 120.0 + seconds / 4, lambda _piece: None, name=pcm.name)
    if ended.code != 0:
        raise TransientError(
            f"loudness cannot be measured: {' / '.join(ended.messages[-3:])}; it is tried again",
            code=ErrorCode.FFMPEG_FAILED,
        )
    return _parse(ended.messages)


def measure_speech(pcm: Path, channels: int, seconds: float, prepare: str | None, quiet_db: float) -> Measured:
    """Loudness after a filter chain that removes a constant offset and rare loud events, if there are any.

    ``quiet_db``: audio below the gate of R128 is measured with as much gain. Raises TransientError if ffmpeg fails.
    """
    robust = of_pcm(pcm, channels)
    chain = join([prepare, REMOVE_OFFSET if robust.has_offset else None])
    loudness = measure(pcm, channels, seconds, chain)
    if loudness.true_peak is not None and loudness.true_peak > robust.ceiling_db + LEAST_EXCESS_DB:
        chain = join([chain, limiter(robust.ceiling_db)])
        loudness = measure(pcm, channels, seconds, chain)
    if loudness.integrated is None and loudness.true_peak is not None:
        raised = measure(pcm, channels, seconds, join([chain, f"volume={quiet_db}dB"])).integrated
        loudness = replace(loudness, integrated=None if raised is None else round(raised - quiet_db, 1))
    return Measured(loudness, chain)


def join(filters: Iterable[str | None]) -> str | None:
    """The filters as a chain; None without any."""
    return ",".join(filter(None, filters)) or None


def gain_db(loudness: Loudness, target_lufs: float, max_true_peak_dbtp: float, max_gain_db: float) -> float:
    """The gain (dB) to ``target_lufs`` that keeps the true peak below its limit; 0.0 for silence.

    Attenuation is not limited. Amplification is limited by the peak and by ``max_gain_db``, so that near silence is not
    raised to the level of speech.
    """
    if loudness.integrated is None:
        return 0.0
    gain = min(target_lufs - loudness.integrated, max_gain_db)
    if loudness.true_peak is not None:
        gain = min(gain, max_true_peak_dbtp - loudness.true_peak)
    return round(gain, 2) + 0.0


def _parse(messages: tuple[str, ...]) -> Loudness:
    integrated = _last(_INTEGRATED, messages)
    peak = _last(_PEAK, messages)
    if integrated is not None and integrated <= GATE_LUFS:
        integrated = None
    return Loudness(integrated, peak)


def _last(pattern: re.Pattern[str], messages: tuple[str, ...]) -> float | None:
    values = [float(match[1]) for message in messages if (match := pattern.match(message))]
    return values[-1] if values and math.isfinite(values[-1]) else None
