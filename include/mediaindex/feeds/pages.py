"""The further pages of a feed (RFC 5005): some hosts put a hundred episodes on each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import httpx

from mediaindex.printable import logger

from .errors import WebError
from .fetch import Validators, fetch_feed
from .parse import MOST_EPISODES
from .places import Place, shown
from .read import read_feed
from .show import LeftOut, Show
from .web import Web

LONGEST_S = 600.0  # after which no further page is requested: other feeds wait
log = logger(__name__)


def with_next_pages(
    web: Web, feed_url: str, first: Show, *, most: int, max_bytes: int, is_known: Callable[[Show], bool]
) -> Show:
    """The show with the episodes of at most ``most`` further pages, until one of them ``is_known``.

    ``left_out`` of the result tells of pages that could not be read, or are too many, too long or too slow.
    """
    show, page, seen, until = first, first, {feed_url}, time.monotonic() + LONGEST_S
    left_out = Counter(first.left_out)
    for number in range(most + 1):
        url = page.next_page
        if url is None or url in seen or is_known(page):
            break
        if number == most or len(show.episodes) >= MOST_EPISODES or time.monotonic() > until:
            left_out[LeftOut.NEXT_PAGES] += 1
            break
        seen.add(url)
        try:
            body = fetch_feed(web, _with_login(feed_url, url), Validators(), max_bytes)
            if body is None:
                break
            page = read_feed(body)
        except WebError as error:
            log.warning("a further page: %s", error)
            left_out[LeftOut.UNREADABLE_PAGES] += 1
            break
        known = {episode.guid_sha256 for episode in show.episodes}
        fresh = tuple(episode for episode in page.episodes if episode.guid_sha256 not in known)
        show = replace(show, episodes=show.episodes + fresh)
        left_out.update(page.left_out)
    if len(seen) > 1:
        log.info("%s: read %d pages", shown(feed_url), len(seen))
    return replace(show, left_out=dict(left_out))


def _with_login(feed_url: str, url: str) -> str:
    """The page's address with the user and password of the feed, if it is of the same origin."""
    if Place.parse(feed_url).origin != Place.parse(url).origin:
        return url
    return str(httpx.URL(url).copy_with(userinfo=httpx.URL(feed_url).userinfo))
