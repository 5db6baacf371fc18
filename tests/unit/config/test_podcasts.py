from __future__ import annotations

from pathlib import Path

import pytest

from mediaindex.config import sources
from mediaindex.errors import ConfigError

GOOD = """sources:
  - name: shows
    kind: podcast
    bucket: my-shows
    prefix: podcasts/
    feeds:
      - https://ann:secret@feeds.example/show.xml?key=1
    podcast: {since: 2026-01-01, allowed_networks: [10.1.0.0/16, "fd00::/64"], episode_bytes: 1000000}
"""


def load(tmp_path: Path, text: str) -> sources.Configuration:
    path = tmp_path / "sources.yaml"
    path.write_text(text, "utf-8")
    return sources.load(path)


def test_a_podcast_source_has_feeds_and_limits(tmp_path: Path) -> None:
    source = load(tmp_path, GOOD).source("shows")
    assert source.kind == "podcast"
    assert len(source.feeds) == 1
    assert str(source.podcast.since) == "2026-01-01"
    assert list(map(str, source.podcast.allowed_networks)) == ["10.1.0.0/16", "fd00::/64"]


def test_no_private_network_is_allowed_by_default(tmp_path: Path) -> None:
    text = GOOD.replace(', allowed_networks: [10.1.0.0/16, "fd00::/64"]', "")
    source = load(tmp_path, text)
    assert source.source("shows").podcast.allowed_networks == ()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (GOOD.replace("kind: podcast", "kind: bucket"), "feeds"),
        (GOOD.replace("https://", "file://"), "feeds"),
        (GOOD.replace("podcasts/", "podcasts/{{ ds }}/"), "prefix"),
        (GOOD.replace("10.1.0.0/16", "10.1.0.1/16"), "allowed_networks"),
        (GOOD.replace("since:", "sinse:"), "sinse"),
        (
            GOOD.replace("    podcast:", "      - https://ann:secret@feeds.example/show.xml?key=1\n    podcast:"),
            "twice",
        ),
    ],
    ids=["feeds-without-kind", "protocol", "date-in-prefix", "network", "unknown", "twice"],
)
def test_an_error_names_the_place(text: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=place) as caught:
        load(tmp_path, text)
    assert "sources.yaml" in str(caught.value)
