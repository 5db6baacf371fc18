"""Measure the requests to S3 that find ten new objects among 1 000 and 100 000: ``python tests/bench/discovery.py``.

Needs the servers of `make up`. The first run fills the buckets (one request per object, for at most
MEDIAINDEX_BENCH_FILL_SECONDS, 900 by default); later runs reuse them. The database is dropped at the end. The requests
and the objects read are the same on any server. The seconds are not: S3Proxy reads all files of a prefix per request,
S3 does not. The exit status is the number of listing orders whose cost grows with the bucket.
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
BOUND = 2.0  # a bucket of 100 times the size may need at most twice the requests and objects read
FOLDER_SIZE = 1_000  # objects per folder, like those of one day
ETAG = hashlib.md5(b"x").hexdigest()  # noqa: S324 - as S3 computes it


@dataclass(frozen=True)
class Cost:
    """To find the new objects: ``requests`` to S3, objects ``read`` from listings, and seconds."""

    requests: int
    read: int
    seconds: float


def report(text: str) -> None:
    """Print a line immediately."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def key(number: int) -> str:
    """The key of an object: in ascending order, with one folder per day."""
    return f"calls/{number // FOLDER_SIZE:04}/{number:07}.wav"


def fill(client: Any, bucket: str, count: int) -> int:
    """Create the bucket and its missing objects until the time is over. The number of objects."""
    if bucket not in {found["Name"] for found in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=bucket)
    folders = sorted({key(n).rpartition("/")[0] + "/" for n in range(count)})
    existing = {listed.key for folder in folders for listed in list_objects(client, bucket, folder)}
    missing = iter([key(n) for n in range(count) if key(n) not in existing])
    ends = time.monotonic() + float(os.environ.get("MEDIAINDEX_BENCH_FILL_SECONDS", "900"))
    total = len(existing)
    with ThreadPoolExecutor(16) as pool:
        while time.monotonic() < ends and (part := list(islice(missing, 1_000))):
            list(pool.map(lambda name: client.put_object(Bucket=bucket, Key=name, Body=b"x"), part))
            total += len(part)
    return total


def counted(client: Any) -> Counter[str]:
    """A counter of the client's requests from now on."""
    count: Counter[str] = Counter()
    client.meta.events.register("before-send.s3", lambda **args: count.update([args["event_name"].rpartition(".")[2]]))
    return count


def claim_all(conn: Any, client: Any, source: Source, count: int) -> None:
    """Write all objects and the watermark of a complete listing into the ledger, and report the rate."""
    old = datetime(2020, 1, 1, tzinfo=UTC)
    objects = [ObjectVersion(source.bucket, key(n), ETAG, None, 1, old) for n in range(count)]
    for what in ("new", "known"):
        arrivals, began = Arrivals(conn, client, source, SeenBy.LISTING), time.perf_counter()
        for start in range(0, count, 1_000):
            arrivals.take(objects[start : start + 1_000])
        rate = count / (time.perf_counter() - began)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report(f"{count:7} {what} objects: {rate:.0f} per second, {arrivals.claimed} claimed, at most {peak:.0f} MB")
    progress.advance(conn, source.name, "calls/", Progress(key(count - 1), datetime.now(UTC)))


def find_new(conn: Any, client: Any, requests: Counter[str], source: Source, prefix: str) -> Cost:
    """The cost of the fastest round. Each round creates ten new objects and deletes them afterwards."""
    costs = []
    for number in range(ROUNDS):
        new = [f"{prefix}9{number}{n:05}.wav" for n in range(NEW)]
        for name in new:
            client.put_object(Bucket=source.bucket, Key=name, Body=b"RIFF" + uuid.uuid4().bytes)
        requests.clear()
        arrivals, began = Arrivals(conn, client, source, SeenBy.LISTING), time.perf_counter()
        listed = discovery.take_listing(arrivals, "calls/" if source.listing.order == "keys" else prefix)
        costs.append(Cost(requests.total(), listed, time.perf_counter() - began))
        for name in new:
            client.delete_object(Bucket=source.bucket, Key=name)
        assert arrivals.claimed == NEW, arrivals
    return min(costs, key=lambda cost: cost.seconds)


def databases() -> Iterator[str]:
    """A new catalog, dropped at the end."""
    for url in throwaway_database(os.environ["MEDIAINDEX_DATABASE_URL"], "bench"):
        with connect(url) as conn:
            migrate(conn)
        yield url


def main() -> int:
    """Measure and print. Returns the exit status."""
    client = s3_client()
    costs: dict[str, list[Cost]] = {"order of keys": [], "prefix by date": []}
    for size in SIZES:
        bucket = f"mediaindex-bench-{size}"
        count = fill(client, bucket, size)
        requests = counted(client)
        for url in databases():
            with connect(url) as conn:
                growing = Source(
                    name="bench", bucket=bucket, settle_seconds=0, listing=Listing(order="keys", overlap_minutes=0)
                )
                claim_all(conn, client, growing, count)
                last = key(count).rpartition("/")[0] + "/"
                costs["order of keys"].append(find_new(conn, client, requests, growing, last))
                dated = growing.model_copy(update={"listing": Listing()})
                costs["prefix by date"].append(find_new(conn, client, requests, dated, last))
        for order, found in costs.items():
            report(f"{count:7} objects, {NEW} new, {order}: {found[-1]}")
    grown = [
        order for order, (few, many) in costs.items()
        if many.requests > BOUND * few.requests or many.read > BOUND * few.read
    ]  # fmt: skip
    report(f"the cost grows with the bucket: {', '.join(grown)}" if grown else "the cost does not grow with the bucket")
    return len(grown)


if __name__ == "__main__":
    sys.exit(main())
