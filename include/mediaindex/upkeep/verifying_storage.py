"""Whether the buckets hold what the catalog says, both walked in order of key, and no artifacts that nobody owns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby

from mediaindex.catalog.transcripts import verification
from mediaindex.catalog.transcripts.verification import Kept
from mediaindex.storage import deletions, media
from mediaindex.storage.objects import ObjectVersion

from .stores import Stores
from .verifying_documents import Difference

# A run writes artifacts before the catalog knows the recording: younger ones may still belong to one at work.
YOUNG = timedelta(hours=12)


def object_differences(stores: Stores) -> Iterator[Difference]:
    """Objects that the ledger counts on and that are not there, and erased ones that are.

    What lies in a bucket and not in the ledger is no difference: the next listing finds it.
    """
    for bucket, first, last in verification.buckets(stores.conn):
        prefix = os.path.commonprefix([first, last])  # noqa: RUF071  # letter by letter: S3 has no folders
        listed = media.list_objects(stores.s3, bucket, prefix)
        kept = verification.kept_objects(stores.conn, bucket)
        both: Iterator[Kept | ObjectVersion] = merge(kept, listed, key=lambda one: one.key.encode())
        for _, parts in groupby(both, key=lambda one: one.key):
            yield from _of_key(stores, list(parts))


def artifact_differences(stores: Stores, young: timedelta = YOUNG) -> Iterator[Difference]:
    """Artifacts of audio that the catalog does not know, or that was erased."""
    place = (stores.artifacts_bucket, stores.artifacts_prefix)
    stored = ((audio, None) for audio in deletions.audios_with_artifacts(stores.s3, *place))
    known: Iterator[tuple[str, bool | None]] = verification.known_audios(stores.conn)
    both: Iterator[tuple[str, bool | None]] = merge(stored, known, key=lambda one: one[0])
    for audio, parts in groupby(both, key=lambda one: one[0]):
        sides = [erased for _, erased in parts]
        if None not in sides:
            continue
        address = f"s3://{place[0]}/{place[1]}/{audio}/"
        if True in sides:
            yield Difference("erased_artifacts", audio, f"{address} was written after its recording was erased")
        elif False not in sides and _is_old(stores, audio, young):
            yield Difference("orphan_artifacts", audio, f"{address} belongs to no recording")


def _of_key(stores: Stores, sides: list[Kept | ObjectVersion]) -> Iterator[Difference]:
    there = {one.etag for one in sides if isinstance(one, ObjectVersion)}
    for one in sides:
        if not isinstance(one, Kept):
            continue
        address = f"s3://{one.bucket}/{one.key}"
        if one.erased and one.etag in there:
            yield Difference("erased_object", address, f"media object {one.id} was erased, and the object is there")
        # Another version there: the ledger learns of it by listing. None in the list: perhaps only the order differs.
        elif not one.erased and not there and not deletions.exists(stores.s3, one.bucket, one.key):
            yield Difference("missing_object", address, f"media object {one.id} is {one.state}, and the object is gone")


def _is_old(stores: Stores, audio: str, young: timedelta) -> bool:
    newest = deletions.newest_artifact(stores.s3, stores.artifacts_bucket, audio, stores.artifacts_prefix)
    return newest is not None and newest < datetime.now(UTC) - young
