"""Further pages of a feed, on a real web server."""

from __future__ import annotations

from typing import Any

import pytest

from mediaindex.feeds import pages
from mediaindex.feeds.fetch import Validators, fetch_feed
from mediaindex.feeds.read import read_feed
from mediaindex.feeds.show import LeftOut, Show
from mediaindex.feeds.web import Web
from tests.builders.podcast_host import File, Host, reply

PAGE = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Show</title>{link}
<item><guid>{name}</guid><enclosure url="https://a.example/{name}.mp3" type="audio/mpeg"/></item></channel></rss>"""


def tell(host: Host, path: str, name: str, next_page: str = "", rel: str = "next") -> None:
    link = f'<atom:link rel="{rel}" href="{next_page}"/>' if next_page else ""
    host.answers[path] = File(PAGE.format(name=name, link=link).encode(), "application/rss+xml")


def read(web: Web, url: str, **more: Any) -> Show:
    body = fetch_feed(web, url, Validators(), 1 << 20)
    assert body is not None
    options: dict[str, Any] = {"most": 9, "max_bytes": 1 << 20, "is_known": lambda _page: False} | more
    return pages.with_next_pages(web, url, read_feed(body), **options)


def names(show: Show) -> list[str]:
    return [episode.guid for episode in show.episodes]


@pytest.mark.parametrize("rel", ["next", "prev-archive"])
def test_all_pages_are_one_show(web: Web, host: Host, rel: str) -> None:
    tell(host, "/1", "c", "/2", rel)
    tell(host, "/2", "b", "/3", rel)
    tell(host, "/3", "a", "/1", rel)  # in a circle
    show = read(web, f"{host.url}/1")
    assert (names(show), show.left_out) == (["c", "b", "a"], {})


def test_a_page_that_takes_too_long_is_counted(web: Web, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LONGEST_S", -1.0)
    tell(host, "/1", "c", "/2")
    show = read(web, f"{host.url}/1")
    assert (names(show), show.left_out) == (["c"], {LeftOut.NEXT_PAGES: 1})


def test_a_page_too_large_is_counted(web: Web, host: Host) -> None:
    tell(host, "/1", "c", "/2")
    tell(host, "/2", "b" * 2_000)
    show = read(web, f"{host.url}/1", max_bytes=1_000)
    assert (names(show), show.left_out) == (["c"], {LeftOut.UNREADABLE_PAGES: 1})


def test_a_login_is_sent_to_pages_of_the_same_origin(web: Web, host: Host) -> None:
    tell(host, "/1", "c", f"{host.url}/2")
    tell(host, "/2", "b")
    read(web, host.url.replace("http://", "http://ann:secret@") + "/1")
    assert ["authorization" in headers for _, headers in host.asked] == [True, True]


def test_pages_of_another_origin_get_no_login(web: Web, host: Host) -> None:
    tell(host, "/1", "c", f"{host.url}/2".replace("127.0.0.1", "localhost"))
    tell(host, "/2", "b")
    read(web, host.url.replace("http://", "http://ann:secret@") + "/1")
    assert ["authorization" in headers for _, headers in host.asked] in ([True], [True, False])


def test_pages_beyond_the_limit_are_counted(web: Web, host: Host) -> None:
    for number, name in enumerate("dcb", 1):
        tell(host, f"/{number}", name, f"/{number + 1}")
    tell(host, "/4", "a")
    for most, found, left_out in ((0, "d", 1), (2, "dcb", 1), (3, "dcba", 0)):
        show = read(web, f"{host.url}/1", most=most)
        assert names(show) == list(found)
        assert show.left_out == ({LeftOut.NEXT_PAGES: left_out} if left_out else {})


def test_pages_end_where_one_is_known_or_there_are_episodes_enough(
    web: Web, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate("cba", 1):
        tell(host, f"/{number}", name, f"/{number + 1}")
    known = read(web, f"{host.url}/1", is_known=lambda page: names(page) == ["b"])
    assert (names(known), known.left_out) == (["c", "b"], {})
    monkeypatch.setattr(pages, "MOST_EPISODES", 2)
    enough = read(web, f"{host.url}/1")
    assert (names(enough), enough.left_out) == (["c", "b"], {LeftOut.NEXT_PAGES: 1})


def test_an_episode_that_moves_to_the_next_page_is_counted_once(web: Web, host: Host) -> None:
    tell(host, "/1", "b", "/2")
    tell(host, "/2", "b", "/3")
    tell(host, "/3", "a")
    assert names(read(web, f"{host.url}/1")) == ["b", "a"]


def test_a_page_that_claims_to_be_unchanged_ends_the_feed(web: Web, host: Host) -> None:
    tell(host, "/1", "b", "/2")
    host.answers["/2"] = lambda request: reply(request, 304, {})
    show = read(web, f"{host.url}/1")
    assert (names(show), show.left_out) == (["b"], {})


def test_what_each_page_leaves_out_is_counted_together(web: Web, host: Host) -> None:
    for path, name, after in (("/1", "b", "/2"), ("/2", "a", "")):
        tell(host, path, name, after)
        page = host.answers[path]
        assert isinstance(page, File)
        page.body = page.body.replace(b"<item>", b"<item><title>only words</title></item><item>")
    assert read(web, f"{host.url}/1").left_out == {LeftOut.NO_MEDIA: 2}
