"""EBU R128: the loudness of a recording, and the linear gain to the target loudness."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from mediaindex.errors import ErrorCode, TransientError

from .commands import Output, convert, pcm_reading
from .process import run

# The absolute gate of R128: ffmpeg reports exactly this value if no block of 400 ms passes it.
GATE_LUFS = -70.0
_INTEGRATED = re.compile(r"^I:\s+(\S+) LUFS$")
_PEAK = re.compile(r"^Peak:\s+(\S+) dBFS$")


@dataclass(frozen=True, slots=True)
class Loudness:
    """Integrated loudness (LUFS) and true peak (dBTP); None for silence."""

    integrated: float | None
    true_peak: float | None


def measure(pcm: Path, channels: int, seconds: float, prepare: str | None) -> Loudness:
    """Loudness of 16 kHz s16le PCM after the filter chain ``prepare``. Raises TransientError if ffmpeg fails."""
    chain = ",".join(filter(None, [prepare, "ebur128=peak=true:framelog=verbose"]))
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
