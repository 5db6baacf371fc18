"""The registry file in typed form, read and validated once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from mediaindex.errors import ConfigError

# libyaml if PyYAML is built with it: source files are checked against the registry whenever DAG files are parsed.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\\" in path:
        raise ValueError(f"{path!r} must be a relative path that stays inside its directory")
    return path


RelativePath = Annotated[str, AfterValidator(_inside)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


RecogniserEngine = Literal["nemo-ctc", "nemo-transducer", "whisper"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Official(_Strict):
    """The name of the model on Hugging Face (``file`` of ``repo``, or the whole repository) and, optionally, on NGC.

    ``revision``: the commit to fetch; ``sha256``: of its weights, if it is not that of the entry.
    """

    repo: str
    file: RelativePath | None = None
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None = None
    sha256: Sha256 | None = None
    ngc: str | None = None


class Package(_Strict):
    """One wheel on the package registry; ``python``, ``abi`` and ``platform`` select one of several builds."""

    project: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.+!-]*$")]
    sha256: Sha256
    python: str | None = None
    abi: str | None = None
    platform: str | None = None


class Bundled(_Strict):
    """A file in an installed distribution that the package depends on."""

    distribution: str
    file: RelativePath


class ModelEntry(_Strict):
    """One model; the comments at the top of registry.yaml explain the fields."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
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
    def version(self) -> str:
        """The version of the packages that contain it; empty if there are none."""
        return self.packages[0].version if self.packages else ""


@cache
def load_registry(path: Path | None = None) -> dict[str, ModelEntry]:
    """All entries by name, from ``path`` or the registry in this package; raises ConfigError if it is invalid."""
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


def find(name: str) -> ModelEntry:
    """The entry with this name; raises ConfigError, which lists the known names, if there is none."""
    registry = load_registry()
    if name not in registry:
        raise ConfigError(f"unknown model {name!r}; known models: {', '.join(registry)}")
    return registry[name]
