"""Names of the model registry: recognisers, and the languages that they support."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from .checks import unknown

if TYPE_CHECKING:
    from mediaindex.models import ModelEntry


def recognisers() -> dict[str, ModelEntry]:
    """Every recogniser of the registry, by name."""
    from mediaindex.models import load_registry  # only if the file names one, or a language

    return {name: entry for name, entry in load_registry().items() if entry.engine}


@cache
def languages(names: tuple[str, ...] = ()) -> frozenset[str]:
    """Codes of all languages that one of these recognisers supports; without names, one of the registry."""
    known = recognisers()
    return frozenset(code for name in names or known for code in known[name].languages)


def _registered(name: str) -> str:
    if name not in recognisers():
        raise unknown("recogniser", name, recognisers())
    return name


def _supported(code: str) -> str:
    if code not in languages():
        raise ValueError(f"no recogniser supports a language {code!r}; write an ISO 639-1 code, such as en or de")
    return code


RecogniserName = Annotated[str, AfterValidator(_registered)]
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$"), AfterValidator(_supported)]
