"""Which containers are read, and what their names promise about time.

An allow-list, because ffmpeg also has "containers" that are lists of other files (HLS, DASH, concat, image sequences,
SDP) or devices: a recording in one of those would make ffmpeg read what its sender names.
"""

from __future__ import annotations

# Decoded samples say all there is to say about time here. What ffprobe calls a start time is the encoder's delay,
# which the decoder cuts away, or an estimate.
# fmt: off
WITHOUT_CLOCK = frozenset((
    "wav", "w64", "aiff", "au", "caf", "flac", "mp3", "aac", "ac3", "eac3", "dts", "dtshd", "amr", "amrnb",
    "amrwb", "ape", "tta", "wv", "tak", "shn", "mpc", "mpc8", "voc", "sox", "ircam", "nistsphere", "g722",
    "g726", "gsm", "ilbc", "sds", "truehd", "loas", "qcp", "dsf", "wsd", "wve", "adx", "aptx", "spdif",
))

# "mov" is also mp4, m4a and 3gp; "matroska" is also webm.
WITH_CLOCK = (
    "mov", "matroska", "ogg", "mpegts", "mpeg", "avi", "asf", "flv", "live_flv", "mxf", "rm", "wtv", "dv",
    "nut", "ivf", "xmv", "ty", "pva", "gxf", "nsv", "swf", "vivo", "kux", "dhav", "lxf",
)
# fmt: on

ALLOWED = ",".join([*sorted(WITHOUT_CLOCK), *WITH_CLOCK])

# Headerless samples: nothing in the file says how to read them.
RAW_SUFFIXES = frozenset({".raw", ".pcm", ".s16", ".sw", ".ulaw", ".alaw", ".ul", ".al", ".sln", ".vox"})

RAW_FORMATS = frozenset(
    f"{kind}{bits}{order}" for kind in "su" for bits in (16, 24, 32) for order in ("le", "be")
) | frozenset({"s8", "u8", "mulaw", "alaw", "f32le", "f32be", "f64le", "f64be"})


def has_clock(container: str) -> bool:
    """Whether a container (ffprobe's ``format_name``) carries time stamps that are worth reading."""
    return not WITHOUT_CLOCK.intersection(container.split(","))
