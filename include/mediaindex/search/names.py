"""Names of indexes and aliases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from mediaindex.settings import StorageSettings

KINDS = ("turns", "recordings")


@dataclass(frozen=True, slots=True)
class Indexes:
    """The two aliases for all reads and writes; the concrete indexes are ``{alias}-{number:06}``."""

    prefix: str = "mediaindex"
    through_alias: ClassVar[bool] = True

    @property
    def turns(self) -> str:
        """Alias of the index with one document per speaker turn."""
        return self.alias("turns")

    @property
    def recordings(self) -> str:
        """Alias of the index with one document per recording."""
        return self.alias("recordings")

    def alias(self, kind: str) -> str:
        """Alias of ``kind``, which is ``turns`` or ``recordings``."""
        return f"{self.prefix}-{kind}"

    def concrete(self, kind: str, number: int) -> str:
        """Name of one concrete index behind the alias."""
        return f"{self.alias(kind)}-{number:06}"


@dataclass(frozen=True, slots=True)
class Concrete:
    """Two concrete indexes, written without the aliases during a rebuild."""

    turns: str
    recordings: str
    through_alias: ClassVar[bool] = False


Places: TypeAlias = Indexes | Concrete


def configured() -> Indexes:
    """The aliases that MEDIAINDEX_INDEX_PREFIX names."""
    return Indexes(StorageSettings.read().index_prefix)
