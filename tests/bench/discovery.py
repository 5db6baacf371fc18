"""What it costs to find ten new objects among 1 000 and among 100 000: ``python tests/bench/discovery.py``.

Needs the servers of `make up`. The buckets are filled at the first run (one request an object, for at most
MEDIAINDEX_BENCH_FILL_SECONDS, 900 by default) and kept for the next; the database is dropped at the end. Counted are
requests to S3 and objects read, which are the same on any server; the seconds are those of this one, and S3Proxy walks
through all files of a prefix for each request, whatever key it starts after. S3 does not.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.base.migrate import migrate
from mediaindex.catalog.ledger import discovery as progress
from mediaindex.catalog.ledger.discovery import Progress
from mediaindex.config.rules import Listing
from mediaindex.config.sources import Source
from mediaindex.contract.states import SeenBy
from mediaindex.orchestration import discovery
from mediaindex.orchestration.arrivals import Arrivals
from mediaindex.storage.client import s3_client
from mediaindex.storage.media import list_objects
from mediaindex.storage.objects import ObjectVersion
from tests.builders.databases import throwaway_database

SIZES = (1_000, 100_000)
NEW = 10
ROUNDS = 3
BOUND = 2.0  # a hundred times the bucket may cost at most twice the requests and objects read
A_FOLDER = 1_000  # objects, as of one day
ETAG = hashlib.md5(b"x").hexdigest()  # noqa: S324 - S3's own


@dataclass(frozen=True)
class Cost:
    """``requests`` to S3, objects ``read`` from listings, and seconds, of finding the new ones."""

    requests: int
    read: int
    seconds: float


def say(text: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def key(number: int) -> str:
    """Grows with the number; a folder a day."""
    return f"calls/{number // A_FOLDER:04}/{number:07}.wav"


def fill(client: Any, bucket: str, count: int) -> int:
    """The bucket with its objects, as far as they were made in time."""
    if bucket not in {one["Name"] for one in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=bucket)
    folders = sorted({key(n).rpartition("/")[0] + "/" for n in range(count)})
    there = {one.key for folder in folders for one in list_objects(client, bucket, folder)}
    missing = iter([key(n) for n in range(count) if key(n) not in there])
    ends = time.monotonic() + float(os.environ.get("MEDIAINDEX_BENCH_FILL_SECONDS", "900"))
    made = len(there)
    with ThreadPoolExecutor(16) as pool:
        while time.monotonic() < ends and (some := list(islice(missing, 1_000))):
            list(pool.map(lambda name: client.put_object(Bucket=bucket, Key=name, Body=b"x"), some))
            made += len(some)
    return made


def counted(client: Any) -> Counter[str]:
    """A count of the requests that the client makes from now on."""
    count: Counter[str] = Counter()
    client.meta.events.register("before-send.s3", lambda **told: count.update([told["event_name"].rpartition(".")[2]]))
    return count


def known(conn: Any, client: Any, source: Source, count: int) -> None:
    """The ledger and its watermark as after an earlier listing of them all; how long each of the two takes."""
    old = datetime(2020, 1, 1, tzinfo=UTC)
    there = [ObjectVersion(source.bucket, key(n), ETAG, None, 1, old) for n in range(count)]
    for what in ("claiming", "knowing"):
        looking, began = Arrivals(conn, client, source, SeenBy.LISTING), time.perf_counter()
        for start in range(0, count, 1_000):
            looking.take(there[start : start + 1_000])
        rate = count / (time.perf_counter() - began)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        say(f"{count:7} objects: {what} {rate:.0f} a second, {looking.claimed} claimed, peak memory {peak:.0f} MB")
    progress.advance(conn, source.name, "calls/", Progress(key(count - 1), datetime.now(UTC)))


def find_new(conn: Any, client: Any, requests: Counter[str], source: Source, prefix: str) -> Cost:
    """The quickest of some rounds, each with ten new objects that are taken away again."""
    costs = []
    for number in range(ROUNDS):
        new = [f"{prefix}9{number}{n:05}.wav" for n in range(NEW)]
        for name in new:
            client.put_object(Bucket=source.bucket, Key=name, Body=b"RIFF" + uuid.uuid4().bytes)
        requests.clear()
        looking, began = Arrivals(conn, client, source, SeenBy.LISTING), time.perf_counter()
        listed = discovery.take_listing(looking, "calls/" if source.listing.order == "keys" else prefix)
        costs.append(Cost(requests.total(), listed, time.perf_counter() - began))
        for name in new:
            client.delete_object(Bucket=source.bucket, Key=name)
        assert looking.claimed == NEW, looking
    return min(costs, key=lambda cost: cost.seconds)


def databases() -> Iterator[str]:
    """A catalog of its own."""
    for url in throwaway_database(os.environ["MEDIAINDEX_DATABASE_URL"], "bench"):
        with connect(url) as conn:
            migrate(conn)
        yield url


def main() -> int:
    """Print the table; 1 where the cost grows with the bucket."""
    client = s3_client()
    costs: dict[str, list[Cost]] = {"keys": [], "a prefix by date": []}
    for size in SIZES:
        bucket = f"mediaindex-bench-{size}"
        count = fill(client, bucket, size)
        requests = counted(client)
        for url in databases():
            with connect(url) as conn:
                growing = Source(
                    name="bench", bucket=bucket, settle_seconds=0, listing=Listing(order="keys", overlap_minutes=0)
                )
                known(conn, client, growing, count)
                last = key(count).rpartition("/")[0] + "/"
                costs["keys"].append(find_new(conn, client, requests, growing, last))
                dated = growing.model_copy(update={"listing": Listing()})
                costs["a prefix by date"].append(find_new(conn, client, requests, dated, last))
        for order, found in costs.items():
            say(f"{count:7} objects, {NEW} new, {order}: {found[-1]}")
    grown = [
        order for order, (few, many) in costs.items()
        if many.requests > BOUND * few.requests or many.read > BOUND * few.read
    ]  # fmt: skip
    say(f"the cost grows with the bucket: {', '.join(grown)}" if grown else "the cost does not grow with the bucket")
    return len(grown)


if __name__ == "__main__":
    sys.exit(main())
