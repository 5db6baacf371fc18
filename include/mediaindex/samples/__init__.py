"""Real recordings for a first try: taken from public packages by name and version, checked by sha256.

``two_cities`` and ``endgame`` come in PyPI moonshine-voice (MIT); ``bienvenue`` in Debian's asterisk-core-sounds-fr-wav
(June Wallack, CC-BY-SA-3.0). The video and the noisy clip are made from them by ffmpeg.
"""

from .make import SAMPLES, Sample, make_samples

__all__ = ["SAMPLES", "Sample", "make_samples"]
