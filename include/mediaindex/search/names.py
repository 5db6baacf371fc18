"""What our indexes and aliases are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from mediaindex.settings import StorageSettings

KINDS = ("turns", "recordings")


@dataclass(frozen=True, slots=True)
class Indexes:
    """The two aliases everything reads and writes through; concrete indexes are ``{alias}-{number:06}``."""

    prefix: str = "mediaindex"
    through_alias: ClassVar[bool] = True

    @property
    def turns(self) -> str:
        """Alias of the index with one document a speaker turn."""
        return self.alias("turns")

    @property
    def recordings(self) -> str:
        """Alias of the index with one document a recording."""
        return self.alias("recordings")

    def alias(self, kind: str) -> str:
        """Alias of ``kind``, which is ``turns`` or ``recordings``."""
        return f"{self.prefix}-{kind}"

    def concrete(self, kind: str, number: int) -> str:
        """Name of one concrete index behind the alias."""
        return f"{self.alias(kind)}-{number:06}"


@dataclass(frozen=True, slots=True)
class Concrete:
    """Two indexes by their own names, past the aliases: what a rebuild fills."""

    turns: str
    recordings: str
    through_alias: ClassVar[bool] = False


Places: TypeAlias = Indexes | Concrete


def configured() -> Indexes:
    """The aliases that MEDIAINDEX_INDEX_PREFIX names."""
    return Indexes(StorageSettings.read().index_prefix)
