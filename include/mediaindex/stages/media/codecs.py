"""The decoders that may run: audio of recorders, telephones, conferences, broadcast and the web.

ffmpeg has a hundred more, of games, demos and synthesizers, which are rarely used, and rarely tested.
"""

from __future__ import annotations

from collections.abc import Sequence

# fmt: off
DECODERS = (
    # the web, podcasts, phones, video
    "aac", "aac_fixed", "aac_latm", "libfdk_aac", "mp1", "mp1float", "mp2", "mp2float", "mp3", "mp3float", "mp3adu",
    "mp3adufloat", "mp3on4", "mp3on4float", "vorbis", "libvorbis", "opus", "libopus", "speex", "libspeex", "nellymoser",
    "wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "xma1", "xma2", "ac3", "ac3_fixed", "eac3", "ac4", "dca",
    "mlp", "truehd", "usac", "xhe_aac", "mpeg4als", "als", "sbc", "aptx", "aptx_hd", "lc3", "liblc3",
    # telephones, radios, dictation
    "amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb", "gsm", "libgsm", "gsm_ms", "libgsm_ms", "ilbc",
    "libilbc", "evrc", "qcelp", "g722", "g723_1", "g726", "g726le", "g728", "g729", "acelp.kelvin", "comfortnoise",
    "truespeech", "libcodec2", "dss_sp", "msnsiren", "siren", "sipr", "real_144", "real_288", "cook", "ralf", "bv32",
    # lossless
    "flac", "alac", "ape", "tak", "tta", "wavpack", "shorten", "dst", "dsd_lsbf", "dsd_lsbf_planar", "dsd_msbf",
    "dsd_msbf_planar", "mpc7", "mpc8", "osq",
    # minidisc, cassettes and old players
    "atrac1", "atrac3", "atrac3al", "atrac3plus", "atrac3plusal", "atrac9", "qdm2", "qdmc", "mace3", "mace6", "imc",
    "iac", "metasound", "twinvq",
    # broadcast and cameras
    "s302m", "dolby_e", "dvaudio", "pcm_bluray", "pcm_dvd", "pcm_s24daud",
    # PCM and its relatives
    "pcm_alaw", "pcm_mulaw", "pcm_vidc", "pcm_lxf", "pcm_s8", "pcm_s8_planar", "pcm_u8",
    *(f"pcm_{kind}{bits}{order}" for kind in "su" for bits in (16, 24, 32) for order in ("le", "be")),
    "pcm_s64le", "pcm_s64be", "pcm_s16le_planar", "pcm_s16be_planar", "pcm_s24le_planar", "pcm_s32le_planar",
    "pcm_f16le", "pcm_f24le", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be",
    "adpcm_adx", "adpcm_ct", "adpcm_ima_dk3", "adpcm_ima_dk4", "adpcm_ima_oki", "adpcm_ima_qt", "adpcm_ima_wav",
    "adpcm_ima_amv", "adpcm_ima_smjpeg", "adpcm_ms", "adpcm_sbpro_2", "adpcm_sbpro_3", "adpcm_sbpro_4", "adpcm_swf",
    "adpcm_xa", "adpcm_yamaha", "8svx_exp", "8svx_fib", "hcom", "ws_snd1",
)
# fmt: on
_REFUSED, _REPEATED, _OPENING = "not on whitelist", "Last message repeated", "while opening decoder"


def complaints(messages: Sequence[str]) -> tuple[str, ...]:
    """The messages of a decoder, without those about other streams, whose decoders are not opened."""
    kept: list[str] = []
    about_others = False
    for message in messages:
        about_others = _REFUSED in message or (about_others and _REPEATED in message)
        if not about_others:
            kept.append(message)
    return tuple(kept)


def refused(messages: Sequence[str]) -> bool:
    """Whether the decoder of the stream itself is not allowed."""
    return any(_REFUSED in message for message in messages) and any(_OPENING in message for message in messages)
