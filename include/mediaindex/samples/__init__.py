"""Sample recordings from public packages, by name and version, verified by sha256.

``two_cities`` and ``endgame`` are from moonshine-voice on PyPI (MIT), ``bienvenue`` is from asterisk-core-sounds-fr-wav
of Debian (June Wallack, CC-BY-SA-3.0). The video and the noisy clip are made from them by ffmpeg.
"""

from .make import SAMPLES, Sample, make_samples

__all__ = ["SAMPLES", "Sample", "make_samples"]
