"""Compare catalog, Elasticsearch and S3, and put right what of Elasticsearch is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from mediaindex.catalog.erasure import erasure
from mediaindex.catalog.transcripts import publications, verification
from mediaindex.search.publish import remove_unknown

from . import verifying_documents, verifying_storage
from .stores import Stores
from .verifying_documents import REPAIRABLE, Difference

PAGE = 500


def verify(stores: Stores, *, storage: bool = True) -> Iterator[Difference]:
    """Every difference, as it is found; none: all three hold the same. Without ``storage`` S3 is left out.

    Raises TransientError where one of them is away.
    """
    found = [verifying_documents.differences(stores), _unfounded(stores), _open_erasures(stores)]
    if storage:
        found += [verifying_storage.object_differences(stores), verifying_storage.artifact_differences(stores)]
    return chain.from_iterable(found)


def repair(stores: Stores, found: Iterable[Difference]) -> int:
    """Send what is right to the outbox again, for all that is wrong with documents; of how many recordings.

    Documents of recordings that the catalog does not know are deleted. Never touches media or artifacts.
    """
    repaired = 0
    wrong = (one for one in found if one.kind in REPAIRABLE)
    while page := list(islice(wrong, PAGE)):
        strangers = [one.subject for one in page if one.kind == "unknown_recording"]
        for audio in strangers:
            remove_unknown(stores.search, audio, stores.indexes)
        known = [one.subject for one in page if one.kind != "unknown_recording"]
        repaired += len(strangers) + publications.requeue(stores.conn, known)
    return repaired


def _unfounded(stores: Stores) -> Iterator[Difference]:
    for one in verification.unfounded_objects(stores.conn):
        detail = f"media object {one.id} is indexed, and has no current transcript"
        yield Difference("no_transcript", f"s3://{one.bucket}/{one.key}", detail)


def _open_erasures(stores: Stores) -> Iterator[Difference]:
    for receipt in erasure.unfinished(stores.conn):
        yield Difference("erasure_open", str(receipt), "an erasure was begun and is not finished")
