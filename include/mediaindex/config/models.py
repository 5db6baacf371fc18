"""Names of recognisers and languages, and the models that the file registers besides the model registry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, ValidationInfo

from .checks import Finding, fault, unknown

if TYPE_CHECKING:
    from mediaindex.contract.models import OwnModel
    from mediaindex.models import ModelEntry

_CODE = r"^[a-z]{2,3}$"
LanguageCode = Annotated[str, Field(pattern=_CODE)]
_PRINTED = "`mediaindex models fetch {}` prints it"


def languages(names: Iterable[str], own: Iterable[OwnModel]) -> frozenset[str]:
    """Codes of all languages that one of these recognisers supports; ``own``: the models of the file."""
    known = {name: entry.languages for name, entry in _recognisers().items()}
    known |= {model.name: model.languages for model in own if model.engine}
    return frozenset(code for name in names for code in known[name])


def unknown_names(written: Any, _info: ValidationInfo) -> Iterator[Finding]:
    """Recognisers, and languages of sources, that neither the registry nor the file's own models have."""
    given = written if isinstance(written, dict) else {}
    known = _Lazy(_entries(given.get("models")))
    for index, name in enumerate(_listed(given.get("recognisers"))):
        if isinstance(name, str) and name not in known.languages:
            yield ("recognisers", index), unknown("recogniser", name, known.languages)
    for at, source in enumerate(_listed(given.get("sources"))):
        codes = _listed(source.get("languages")) if isinstance(source, dict) else []
        for index, code in enumerate(codes):
            if isinstance(code, str) and re.fullmatch(_CODE, code) and code not in known.codes:
                yield (
                    ("sources", at, "languages", index),
                    fault(f"no recogniser supports a language {code!r}; write an ISO 639-1 code, such as en or de"),
                )


class _Lazy:
    """Languages by recogniser; the registry is read only by a file that names a recogniser or a language."""

    def __init__(self, own: list[tuple[int, dict[Any, Any]]]) -> None:
        self._own = own

    @cached_property
    def languages(self) -> Mapping[str, Any]:
        registered = {name: entry.languages for name, entry in _recognisers().items()}
        own = {str(entry.get("name")): _listed(entry.get("languages")) for _, entry in self._own}
        return own | registered

    @cached_property
    def codes(self) -> set[Any]:
        return {code for codes in self.languages.values() for code in codes if isinstance(code, str)}


def described(written: Any, _info: ValidationInfo) -> Iterator[Finding]:
    """Check that each model of the file is described: as a pin of the registry's, by its path, or by its repository."""
    entries = _entries(written)
    names = [entry.get("name") for _, entry in entries]
    for at, (index, entry) in enumerate(entries):
        if names[at] is not None and names[at] in names[:at]:
            yield (index, "name"), fault(f"another model is called {names[at]!r}; choose another name")
        registered = _registry().get(str(names[at]))
        findings = _as_pin(entry, registered) if registered else _as_own(entry)
        for field, message in findings:
            yield (index, field), fault(message)


def _as_pin(entry: Mapping[str, Any], registered: ModelEntry) -> Iterator[tuple[str, str]]:
    if registered.official is None or registered.official.repo is None:
        yield "name", f"{registered.name} is not fetched from a hub, so there is nothing to pin; remove the entry"
        return
    for field in ("engine", "languages", "path", "hub", "file", "licence"):
        if field in entry:
            yield field, f"belongs to the registry's {registered.name}; remove it, or choose another name"
    if "sha256" not in entry:
        yield "sha256", f"is missing; {_PRINTED.format(registered.name)}"


def _as_own(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "engine" not in entry:
        yield "engine", "is missing; write nemo-ctc, nemo-transducer or whisper"
    if not entry.get("languages"):
        yield "languages", "is missing; list the languages that it recognises, such as [de, fr]"
    if "path" in entry and "hub" in entry:
        yield "path", "excludes 'hub'; remove one of them"
    elif "path" in entry:
        yield from _at_path(entry, str(entry["path"]))
    elif "hub" in entry:
        yield from _at_hub(entry, str(entry["hub"]))
    else:
        yield "path", "is missing; write the path of the weights, or 'hub' with a repository on Hugging Face"


def _at_path(entry: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for field in ("file", "revision"):
        if field in entry:
            yield field, "belongs to 'hub'; remove it"
    if ".." in path.split("/"):
        yield "path", f"{path!r} leaves its folder; write an absolute path, or one below MEDIAINDEX_MODELS"
    if _is_nemo(entry) and not path.endswith(".nemo"):
        yield "path", f"{path!r} is no checkpoint of NeMo; write the path of a .nemo file"


def _at_hub(entry: Mapping[str, Any], hub: str) -> Iterator[tuple[str, str]]:
    for field in ("revision", "sha256"):
        if field not in entry:
            yield field, f"is missing; {_PRINTED.format(hub)}"
    if _is_nemo(entry) and "file" not in entry:
        yield "file", "is missing; write the name of the .nemo file in the repository"
    if entry.get("engine") == "whisper" and "file" in entry:
        yield "file", "belongs to NeMo's engines; remove it"


def _is_nemo(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("engine")).startswith("nemo")


def _entries(written: Any) -> list[tuple[int, dict[Any, Any]]]:
    return [(index, entry) for index, entry in enumerate(_listed(written)) if isinstance(entry, dict)]


def _listed(written: Any) -> list[Any]:
    return list(written) if isinstance(written, list | tuple) else []


def _recognisers() -> dict[str, ModelEntry]:
    return {name: entry for name, entry in _registry().items() if entry.engine}


def _registry() -> dict[str, ModelEntry]:
    from mediaindex.models.registry import shipped  # only if the file names one, or a language

    return shipped()
