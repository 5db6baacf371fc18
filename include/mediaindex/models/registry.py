"""The registry file in typed form, read and validated once, and the models that a sources file adds to it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from mediaindex.contract.models import ModelName, OwnModel, RecogniserEngine, Repository, Revision, Sha256
from mediaindex.errors import ConfigError

# libyaml if PyYAML is built with it: source files are checked against the registry whenever DAG files are parsed.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in path:
        raise ValueError(f"{path!r} must be a relative path that stays inside its directory")
    return path


RelativePath = Annotated[str, AfterValidator(_inside)]
HttpsUrl = Annotated[str, Field(pattern=r"^https://[!-~]+$")]
# Files without which an engine would look for them on a hub.
PARTS = {"whisper": ("config.json", "tokenizer.json")}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Official(_Strict):
    """Where the publisher has the model: ``file`` of ``repo`` on Hugging Face, the whole repository, or an address.

    ``revision``: the commit to fetch; ``sha256``: of its weights, if it is not that of the entry.
    """

    repo: Repository | None = None
    file: RelativePath | None = None
    url: HttpsUrl | None = None
    revision: Revision | None = None
    sha256: Sha256 | None = None
    ngc: str | None = None

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if bool(self.repo) == bool(self.url):
            raise ValueError("official: write either repo or url")
        return self

    def __str__(self) -> str:
        place = str(self.url or self.repo)
        return f"{place}, {self.file}" if self.file else place


class Package(_Strict):
    """One wheel on the package registry; ``python``, ``abi`` and ``platform`` select one of several builds.

    ``licence`` is that of the wheel, whose code is never run; ``note`` says more about it.
    """

    project: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.+!-]*$")]
    sha256: Sha256
    python: str | None = None
    abi: str | None = None
    platform: str | None = None
    licence: str = ""
    note: str = ""


class Bundled(_Strict):
    """A file in an installed distribution that the package depends on."""

    distribution: str
    file: RelativePath


class ModelEntry(_Strict):
    """One model; the comments at the top of registry.yaml explain the fields."""

    name: ModelName
    task: str
    licence: str
    path: RelativePath
    form: Literal["file", "directory"] = "file"
    languages: tuple[str, ...] = ()
    engine: RecogniserEngine | None = None
    weights: RelativePath | None = None
    sha256: Sha256 | None = None
    unpacked_sha256: Sha256 | None = None
    required: bool = False
    official: Official | None = None
    home: HttpsUrl | None = None
    location: Path | None = None
    bundled: Bundled | None = None
    packages: tuple[Package, ...] = ()
    members: dict[RelativePath, tuple[RelativePath, ...]] = {}
    tree: RelativePath | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.packages) != bool(self.members or self.tree):
            raise ValueError(f"{self.name}: packages require members or a tree, and members or a tree require packages")
        if self.members and self.tree:
            raise ValueError(f"{self.name}: use either members or a tree, not both")
        if self.form == "file" and (self.weights or self.tree):
            raise ValueError(f"{self.name}: weights and tree require form: directory")
        if self.form == "file" and self.members and set(self.members) != {self.path}:
            raise ValueError(f"{self.name}: the only member must be {self.path!r}")
        return self

    @model_validator(mode="after")
    def _recognises(self) -> Self:
        if self.engine and not self.languages:
            raise ValueError(f"{self.name}: a recogniser requires languages")
        return self

    @property
    def pin(self) -> str | None:
        """The sha256 that weights from the official place must have; None if nobody has pinned them.

        A commit pins the small files beside the weights, so a directory needs one.
        """
        if not self.official or (self.form == "directory" and not self.official.revision):
            return None
        return self.official.sha256 or self.sha256

    @property
    def version(self) -> str:
        """The version of the packages that contain it; empty if there are none."""
        return self.packages[0].version if self.packages else ""


_own: list[OwnModel] = []  # of this process


def register(models: Iterable[OwnModel]) -> None:
    """Add the models of a sources file to the registry of this process, in place of those of an earlier call."""
    _own[:] = models


def load_registry(path: Path | None = None) -> dict[str, ModelEntry]:
    """All entries by name, from ``path`` or from the registry in this package with the registered models.

    Raises ConfigError if the file is invalid.
    """
    return _read(path) if path else _with_own(tuple(_own))


def shipped() -> dict[str, ModelEntry]:
    """The entries of the registry in this package alone."""
    return _read(None)


@cache
def _read(path: Path | None) -> dict[str, ModelEntry]:
    source = path or Path(str(files("mediaindex.models").joinpath("registry.yaml")))
    try:
        content = yaml.load(source.read_text("utf-8"), _Loader)  # noqa: S506 - both loaders are safe
        entries = TypeAdapter(tuple[ModelEntry, ...]).validate_python(content)
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"model registry {source}: {error}") from error
    by_name = {entry.name: entry for entry in entries}
    if len(by_name) != len(entries):
        raise ConfigError(f"model registry {source}: two entries have the same name; names must be unique")
    return by_name


@cache
def _with_own(own: tuple[OwnModel, ...]) -> dict[str, ModelEntry]:
    known = _read(None)
    return known | {model.name: _pinned(known[model.name], model) if model.name in known else _entry(model)
                    for model in own}  # fmt: skip


def _pinned(entry: ModelEntry, model: OwnModel) -> ModelEntry:
    if entry.official is None:
        raise ConfigError(f"models: {entry.name} is not fetched from a hub, so there is nothing to pin; remove it")
    given = {"sha256": model.sha256, "revision": model.revision or entry.official.revision}
    return entry.model_copy(update={"official": entry.official.model_copy(update=given)})


def _entry(model: OwnModel) -> ModelEntry:
    """The entry of a model that the sources file describes, which ``config.own_models`` has checked."""
    folder = model.engine == "whisper"
    place = Path(model.path).expanduser() if model.path else None
    return ModelEntry(
        name=model.name,
        task="recognition",
        licence=model.licence,
        engine=model.engine,
        languages=model.languages,
        form="directory" if folder else "file",
        weights="model.bin" if folder else None,
        path=model.path if model.path and place and not place.is_absolute() else model.file or model.name,
        location=place if place and place.is_absolute() else None,
        sha256=model.sha256,
        official=Official(repo=model.hub, file=model.file, revision=model.revision) if model.hub else None,
    )


def find(name: str) -> ModelEntry:
    """The entry with this name; raises ConfigError, which lists the known names, if there is none."""
    registry = load_registry()
    if name not in registry:
        raise ConfigError(f"unknown model {name!r}; known models: {', '.join(registry)}")
    return registry[name]
