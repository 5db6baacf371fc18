"""The case statistics of the ``truecase`` package in a small database, made once and cached by the hash of the file.

Reading the pickle of the package takes seconds and 450 MB, mostly for words with only one spelling. It is read here
without the package, which needs NLTK and would run any code in the pickle, by an unpickler that can create only
dictionaries, sets and counters.
"""

from __future__ import annotations

import pickle
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mediaindex.errors import ErrorCode, TerminalError
from mediaindex.models.files import child_environment, exclusive
from mediaindex.settings import ModelSettings

from .unseen_words import affix_logits

if TYPE_CHECKING:
    from mediaindex.models import LocatedModel

FORMAT = 1  # of the database; part of its file name
TIMEOUT_S = 600  # the conversion takes about ten seconds
# A spelling that makes up less than this share of a word's uses is a typing error or a headline.
RARE = 0.01
# Neighbours seen once have no effect against the smoothing, and would be three quarters of the database.
LEAST_SEEN = 2

_TABLES = """
create table word (lower text primary key, spellings text not null, counts text not null) without rowid;
create table neighbours (key text primary key, counts text not null) without rowid;
create table affix (affix text primary key, logit real not null) without rowid;
"""


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        allowed = {("nltk.probability", "FreqDist"): Counter, ("builtins", "set"): set}
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"case statistics may not contain {module}.{name}")
        return allowed[module, name]


@dataclass(frozen=True, slots=True)
class Spellings:
    """The spellings of a word, most frequent first, and their counts; empty for an unknown word."""

    options: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()


class CaseStatistics:
    """Look-ups in the database; safe to use from several threads."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(
            f"{database.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self.spellings = lru_cache(maxsize=20_000)(self._spellings)

    def neighbours(self, previous: str, word: str, following: str) -> tuple[int, ...]:
        """The count of each spelling of ``word`` between these neighbours; () if unknown. Either may be empty."""
        row = self._row("select counts from neighbours where key = ?", f"{previous}_{word}_{following}")
        return tuple(map(int, row[0].split())) if row else ()

    def affix_logit(self, affix: str) -> float | None:
        """The log odds of "name" for an affix of ``unseen_words``; None if unknown."""
        row = self._row("select logit from affix where affix = ?", affix)
        return float(row[0]) if row else None

    def _spellings(self, word: str) -> Spellings:
        row = self._row("select spellings, counts from word where lower = ?", word)
        return Spellings(tuple(row[0].split()), tuple(map(int, row[1].split()))) if row else Spellings()

    def _row(self, query: str, key: str) -> Any:
        # SQLite does not accept lone surrogates, which are in no known word.
        return self._connection.execute(query, (key.encode("utf-8", "replace").decode(),)).fetchone()


def case_statistics(located: LocatedModel) -> CaseStatistics:
    """The statistics in ``located.path``; safe in several processes at once.

    Raises TerminalError (``bad_case_statistics``) if the file is unreadable.
    """
    target = ModelSettings.read().cache / "case" / f"{located.sha256}-{FORMAT}.sqlite"
    if not target.is_file():
        with exclusive(target):
            if not target.is_file():
                _convert(located.path, target)
    return CaseStatistics(target)


def _convert(source: Path, target: Path) -> None:
    """Convert in a child process, whose memory is freed with it, and rename the complete file."""
    part = target.with_suffix(".part")
    arguments = [sys.executable, "-m", "mediaindex.engines.text.case_statistics", str(source), str(part)]
    done = subprocess.run(
        arguments, env=child_environment(), capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S,
        check=False, cwd=target.parent,
    )  # fmt: skip
    if done.returncode:
        raise TerminalError(
            f"{source}: unreadable case statistics; get the file of the model registry with "
            f"`mediaindex models fetch truecase-english`:\n{done.stderr[-1000:]}",
            code=ErrorCode.BAD_CASE_STATISTICS,
        )
    part.replace(target)


def convert_here(source: Path, target: Path) -> None:
    """Convert the pickle ``source`` to the database ``target`` in this process, replacing an existing file."""
    with source.open("rb") as file:
        data = _PlainUnpickler(file).load()
    seen = data["uni_dist"]
    spellings = {lower: _usual(options, seen) for lower, options in data["word_casing_lookup"].items()}
    places = {
        option: (lower, at)
        for lower, options in spellings.items()
        if len(options) > 1
        for at, option in enumerate(options)
    }
    words = (
        (lower, " ".join(options), " ".join(str(seen[option]) for option in options))
        for lower, options in spellings.items()
    )
    uses = (
        (lower, sum(seen[option] for option in options), options[0] != lower) for lower, options in spellings.items()
    )
    target.unlink(missing_ok=True)
    connection = sqlite3.connect(target)
    with connection:
        connection.executescript(_TABLES)
        connection.executemany("insert into word values (?, ?, ?)", words)
        connection.executemany("insert into affix values (?, ?)", affix_logits(uses))
        connection.executemany("insert into neighbours values (?, ?)", _neighbours(data, places))
    connection.close()


def _neighbours(data: dict[str, Any], places: dict[str, tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """One row per word and pair of neighbours, with a count for each spelling."""
    rows: dict[str, list[int]] = {}
    for (previous, option, following), count in _keys(data):
        if option in places and count >= LEAST_SEEN:
            lower, at = places[option]
            counts = rows.setdefault(f"{previous}_{lower}_{following}", [])
            counts.extend([0] * (at + 1 - len(counts)))
            counts[at] = count
    return ((key, " ".join(map(str, counts))) for key, counts in sorted(rows.items()))


def _keys(data: dict[str, Any]) -> Iterator[tuple[Sequence[str], int]]:
    for key, count in data["backward_bi_dist"].items():
        yield [*key.rsplit("_", 1), ""], count
    for key, count in data["forward_bi_dist"].items():
        yield ["", *key.split("_", 1)], count
    for key, count in data["trigram_dist"].items():
        if key.count("_") == 2:
            yield key.split("_"), count


def _usual(options: Iterable[str], seen: Counter[str]) -> tuple[str, ...]:
    """The common spellings, most frequent first, without those all in capitals (headlines) if there are others."""
    ordered = sorted(options, key=lambda option: (-seen[option], option))
    total = sum(seen[option] for option in ordered)
    usual = [option for option in ordered if seen[option] >= RARE * total]
    plain = [option for option in usual if len(option) == 1 or not option.isupper()]
    return tuple(plain or usual or ordered[:1])


if __name__ == "__main__":
    convert_here(Path(sys.argv[1]), Path(sys.argv[2]))
