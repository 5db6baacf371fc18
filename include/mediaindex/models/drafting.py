"""Lines of a sources file for a model that is on Hugging Face, and that nobody has registered yet."""

from __future__ import annotations

from mediaindex.contract.models import OwnModel
from mediaindex.errors import ConfigError, ModelMissingError
from mediaindex.settings import ModelSettings

from . import hub
from .files import file_digest
from .registry import ModelEntry, Official


def draft(repo: str) -> OwnModel:
    """Fetch a repository as it is now, and describe it with its commit and its hash; its languages are unknown.

    Raises ConfigError if it is neither a NeMo checkpoint nor a Whisper for faster-whisper; see also ``fetch``.
    """
    if ModelSettings.read().offline:
        raise ModelMissingError(f"{repo} cannot be fetched: MEDIAINDEX_OFFLINE is set")
    commit, file = hub.newest(repo)
    official = Official(repo=repo, file=file, revision=commit)
    name = repo.rpartition("/")[2]
    path = hub.fetch_from_hub(ModelEntry(name=name, task="recognition", licence="", path=name, official=official))
    weights = path if file else path / "model.bin"
    if not weights.is_file():
        raise ConfigError(
            f"{repo} has neither a .nemo file nor a model.bin for faster-whisper; convert it, and register its path"
        )
    return OwnModel(
        name=name,
        engine="nemo-ctc" if file else "whisper",
        hub=repo,
        file=file,
        revision=commit,
        sha256=file_digest(weights),
    )


def lines(model: OwnModel) -> str:
    """The lines to write into the sources file."""
    comment = "  # or nemo-transducer" if model.file else ""
    fields = {"engine": f"{model.engine}{comment}", "languages": "[]  # list them: [de, fr]", "hub": model.hub}
    fields |= {"file": model.file, "revision": model.revision, "sha256": model.sha256}
    shown = [f"    {field}: {value}" for field, value in fields.items() if value]
    return "\n".join(["models:", f"  - name: {model.name}", *shown])
