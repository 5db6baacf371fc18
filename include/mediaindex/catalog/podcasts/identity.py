"""Episodes that a feed names anew: other guids, tokens in addresses, another address of the feed itself."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mediaindex.catalog.base import storable
from mediaindex.catalog.base.connection import Connection, Cursor, transaction
from mediaindex.catalog.base.rows import rows_as, scalar
from mediaindex.catalog.base.sql_files import query
from mediaindex.feeds.addresses import addresses
from mediaindex.feeds.show import Episode

_Told = tuple[str, datetime]  # title and date
_File = tuple[str, datetime | str]
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class KnownEpisode:
    """An episode of the catalog, as its feed named it last. An erased one has only its hashes."""

    id: int
    guid_sha256: str
    address_sha256: str | None
    url: str
    title: str
    published_at: datetime | None
    length: int | None
    is_erased: bool = False


def recognise(cursor: Cursor, feed_id: int, listed: Sequence[Episode]) -> tuple[list[Episode], int]:
    """Give known episodes that come under a new guid that guid; the listed episodes, and the number of repeated ones.

    An episode is known by its date and the address of its file, or by its date and title, if that is unambiguous. An
    entry that has the date and file of another one is not an episode of its own.
    """
    cursor.execute(
        "select id, guid_sha256, address_sha256, url, title, published_at, length, state = 'erased' as is_erased "
        "from episode where feed_id = %s for update",
        (feed_id,),
    )
    known = rows_as(cursor, KnownEpisode)
    renamed, repeated = matches([row for row in known if not row.is_erased], listed)
    taken = {row.guid_sha256 for row in known}
    for id_, episode in renamed.items():
        if episode.guid_sha256 not in taken:
            _rename(cursor, id_, episode)
    erased = {row.address_sha256 for row in known if row.is_erased}
    place = addresses(episode.url for episode in listed)
    told = [
        episode
        for episode in listed
        if episode.guid_sha256 not in repeated and hashlib.sha256(place[episode.url].encode()).hexdigest() not in erased
    ]
    return told, len(repeated)


def _rename(cursor: Cursor, id_: int, episode: Episode) -> None:
    cursor.execute(
        "update episode set guid = %(guid)s, guid_sha256 = %(sha)s where id = %(id)s",
        {"id": id_, "guid": storable.text(episode.guid), "sha": episode.guid_sha256},
    )
    # With the same length, nothing says that the file is another one; without an address, the next one is no change.
    cursor.execute(
        "update episode set url = %(url)s, address = null "
        "where id = %(id)s and length is not distinct from %(length)s and state in ('copied', 'same')",
        {"id": id_, "url": episode.url, "length": episode.length},
    )


def matches(known: Sequence[KnownEpisode], listed: Sequence[Episode]) -> tuple[dict[int, Episode], set[str]]:
    """The listed episode of each known one that has another guid now; the guids of entries that repeat a file."""
    guids = {episode.guid_sha256 for episode in listed}
    by_guid = {row.guid_sha256 for row in known}
    place = addresses([*(row.url for row in known), *(episode.url for episode in listed)])
    by_file = _unique((_file(row, place), row) for row in known)
    by_told = _unique((told, row) for row in known if (told := _told(row)) and row.guid_sha256 not in guids)
    told_once = Counter(filter(None, map(_told, listed)))
    renamed: dict[int, Episode] = {}
    repeated: set[str] = set()
    first: dict[_File, str] = {}  # of the entries with one file, a known one repeats no other
    for episode in sorted(listed, key=lambda episode: episode.guid_sha256 not in by_guid):
        first.setdefault(_file(episode, place), episode.guid_sha256)
    for episode in listed:
        file, told = _file(episode, place), _told(episode)
        if first[file] != episode.guid_sha256:
            repeated.add(episode.guid_sha256)
            continue
        row = by_file.get(file) or (by_told.get(told) if told and told_once[told] == 1 else None)
        if row is None or row.id in renamed or episode.guid_sha256 in by_guid:
            continue
        if row.guid_sha256 in guids:
            repeated.add(episode.guid_sha256)
        else:
            renamed[row.id] = episode
    return renamed, repeated


def adopt(conn: Connection, feed_id: int, bucket: str, listed: Sequence[Episode]) -> int | None:
    """Give a feed without episodes those of an earlier feed that is the same; the id of that feed.

    The earlier one is not read any more: its address has changed, a token in it was renewed, or its source was renamed.
    """
    place = addresses(episode.url for episode in listed)
    wanted = {
        "feed_id": feed_id,
        "bucket": bucket,
        "guids": [episode.guid_sha256 for episode in listed],
        "addresses": list(place.values()),
        "least": 2 if len(listed) > 1 else 1,
    }
    with transaction(conn) as cursor:
        cursor.execute("select from episode where feed_id = %s limit 1", (feed_id,))
        if cursor.rowcount or not listed:
            return None
        cursor.execute(query("adoptable_feed"), wanted)
        earlier: int | None = scalar(cursor)
        if earlier is not None:
            cursor.execute("update episode set feed_id = %s where feed_id = %s", (feed_id, earlier))
            cursor.execute("update feed set retired_at = coalesce(retired_at, now()) where id = %s", (earlier,))
    return earlier


def _file(episode: KnownEpisode | Episode, place: Mapping[str, str]) -> _File:
    """Address and date: a programme may put every episode at the same address. Without a date, its title."""
    return place[episode.url], episode.published_at or episode.title


def _told(episode: KnownEpisode | Episode) -> _Told | None:
    return (episode.title, episode.published_at) if episode.title and episode.published_at else None


def _unique(pairs: Iterable[tuple[K, KnownEpisode]]) -> Mapping[K, KnownEpisode]:
    """Rows by key, without keys of several rows."""
    rows: dict[K, list[KnownEpisode]] = {}
    for key, row in pairs:
        rows.setdefault(key, []).append(row)
    return {key: some[0] for key, some in rows.items() if len(some) == 1}
