"""The environment of podcast tests: a web server, a bucket, a catalog and a source; and the tasks of the DAG."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediaindex.catalog.base.connection import connect, transaction
from mediaindex.orchestration import podcasts
from mediaindex.storage.media import list_objects
from tests.builders.podcast_host import File, Host

ONE, TWO = b"one" * 1_000, b"two" * 1_000
ITEM = """<item><title>{title}</title><guid isPermaLink="false">{guid}</guid>
<pubDate>Fri, 02 Jan 2026 03:04:05 GMT</pubDate>
<enclosure url="{url}" length="{length}" type="audio/mpeg"/></item>"""


def rss(*items: tuple[str, str, int]) -> bytes:
    entries = "".join(
        ITEM.format(title=f"Title of {guid}", guid=guid, url=url, length=length) for guid, url, length in items
    )
    return f'<rss version="2.0"><channel><title>Show</title>{entries}</channel></rss>'.encode()


@dataclass
class Stage:
    """A web server with feeds, a bucket, the URL of a catalog, and the sources file of one source."""

    host: Host
    bucket: str
    url: str
    source: str
    path: Path
    client: Any

    def configure(self, *paths: str, **podcast: Any) -> None:
        limits = {"allowed_networks": ["127.0.0.1/32"], "recheck_days": 0, **podcast}
        source = {
            "name": self.source, "kind": "podcast", "bucket": self.bucket, "prefix": "in/", "podcast": limits,
            "feeds": [path if path.startswith("http") else f"{self.host.url}{path}" for path in paths],
        }  # fmt: skip
        self.path.write_text(json.dumps({"sources": [source]}))

    def tell(self, *items: tuple[str, str, int], path: str = "/feed", etag: str | None = None) -> None:
        whole = [(guid, url if url.startswith("http") else f"{self.host.url}{url}", size) for guid, url, size in items]
        self.host.answers[path] = File(rss(*whole), "application/rss+xml", etag or f'"{uuid.uuid4()}"')

    def collect(self) -> dict[str, int]:
        """End all waits, run the tasks of the DAG once, and return its counts."""
        with connect(self.url) as conn, transaction(conn) as cursor:
            cursor.execute("update feed set next_try_at = now() where source = %s", (self.source,))
            cursor.execute("update episode set not_before = null where bucket = %s", (self.bucket,))
        self.host.asked.clear()
        total: dict[str, int] = {}
        for group in podcasts.due_groups():
            for name, count in podcasts.collect(group).items():
                total[name] = total.get(name, 0) + count
        return total

    def objects(self) -> dict[str, bytes]:
        keys = [one.key for one in list_objects(self.client, self.bucket)]
        return {key: self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def episode(self, column: str) -> Any:
        with connect(self.url) as conn, transaction(conn) as cursor:
            cursor.execute(f"select {column} from episode where bucket = %s", (self.bucket,))  # noqa: S608
            (value,) = cursor.fetchone() or (None,)
            return value
