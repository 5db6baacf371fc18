"""An episode is known by what does not change when its feed renames it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mediaindex.catalog.podcasts.identity import KnownEpisode, matches
from mediaindex.feeds.show import Episode

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def known(id_: int, **changes: Any) -> KnownEpisode:
    facts: dict[str, Any] = {
        "id": id_,
        "guid_sha256": f"guid {id_}",
        "address_sha256": None,
        "url": f"https://a.example/{id_}.mp3",
        "title": f"Episode {id_}",
        "published_at": DAY + timedelta(days=id_),
        "length": 1_000,
        "is_erased": False,
    }
    return KnownEpisode(**facts | changes)


def listed(number: int, guid: str, **changes: Any) -> Episode:
    facts: dict[str, Any] = {
        "guid": guid,
        "guid_sha256": guid,
        "title": f"Episode {number}",
        "published_at": DAY + timedelta(days=number),
        "duration_s": None,
        "link": None,
        "url": f"https://a.example/{number}.mp3",
        "length": 1_000,
        "media_type": "audio/mpeg",
        "transcripts": (),
    }
    return Episode(**facts | changes)


def test_another_guid_for_the_same_file_and_date_is_a_new_name() -> None:
    now = listed(1, "new", title="another title")
    assert matches([known(1), known(2)], [now, listed(2, "guid 2")]) == ({1: now}, set())


def test_another_guid_and_address_for_the_same_title_and_date_is_a_new_name() -> None:
    now = listed(1, "new", url="https://b.example/x.mp3")
    assert matches([known(1)], [now]) == ({1: now}, set())


def test_a_title_and_date_of_two_entries_says_nothing() -> None:
    two = [listed(1, guid, url=f"https://b.example/{guid}.mp3") for guid in ("x", "y")]
    assert matches([known(1)], two) == ({}, set())


def test_an_entry_with_the_file_of_another_entry_repeats_it() -> None:
    assert matches([], [listed(1, "x"), listed(1, "y", title="trailer")]) == ({}, {"y"})


@pytest.mark.parametrize("guids", [("new", "guid 1"), ("guid 1", "new")])
def test_an_entry_with_the_file_of_a_known_one_that_is_still_listed_repeats_it(guids: tuple[str, str]) -> None:
    assert matches([known(1)], [listed(1, guid) for guid in guids]) == ({}, {"new"})


def test_an_episode_of_another_day_is_not_the_known_one() -> None:
    assert matches([known(1)], [listed(1, "new", published_at=DAY)]) == ({}, set())
