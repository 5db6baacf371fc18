"""Differences between catalog, Elasticsearch and S3 are found, and those of documents repaired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

import mediaindex.search.contents as search_contents
from mediaindex.catalog.base.connection import transaction
from mediaindex.catalog.ledger import ledger
from mediaindex.catalog.transcripts import verification
from mediaindex.contract.states import ObjectState
from mediaindex.search import publish_pending
from mediaindex.upkeep import erasing, verifying
from mediaindex.upkeep.erasing import Stores
from mediaindex.upkeep.verifying import verify
from tests.builders.recordings import Recorded, transcribe
from tests.integration.upkeep.conftest import artifacts
from tests.integration.upkeep.test_erasing import opened

pytestmark = pytest.mark.servers
Indexed = Callable[..., Recorded]
Damage = Callable[[Stores, Recorded], Any]


def kinds(stores: Stores) -> list[str]:
    return sorted(one.kind for one in verify(stores))


def run(stores: Stores, statement: str, *values: Any) -> None:
    with transaction(stores.conn) as cursor:
        cursor.execute(statement, values)


def lose_a_turn(stores: Stores, talk: Recorded) -> None:
    stores.search.delete(index=stores.indexes.turns, id=f"{talk.audio}:000001")


def lose_all_turns(stores: Stores, talk: Recorded) -> None:
    stores.search.delete_by_query(index=stores.indexes.turns, query={"term": {"recording": talk.audio}}, refresh=True)


def lose_the_recording(stores: Stores, talk: Recorded) -> None:
    stores.search.delete(index=stores.indexes.recordings, id=talk.audio)


def lose_everything(stores: Stores, talk: Recorded) -> None:
    lose_all_turns(stores, talk)
    lose_the_recording(stores, talk)


def change(stores: Stores, index: str, name: str, **fields: Any) -> None:
    stores.search.update(index=index, id=name, doc=fields)


def change_the_count(stores: Stores, talk: Recorded) -> None:
    change(stores, stores.indexes.recordings, talk.audio, turns=7)


def age_a_turn(stores: Stores, talk: Recorded) -> None:
    change(stores, stores.indexes.turns, f"{talk.audio}:000000", revision=0)


def age_the_recording(stores: Stores, talk: Recorded) -> None:
    change(stores, stores.indexes.recordings, talk.audio, revision=0)


def double_a_turn(stores: Stores, talk: Recorded) -> None:
    turn = stores.search.get(index=stores.indexes.turns, id=f"{talk.audio}:000000")["_source"]
    stores.search.index(index=stores.indexes.turns, id="another name", document=turn)


def forget_the_transcript(stores: Stores, talk: Recorded) -> None:
    run(stores, "update transcript set is_current = false where audio_sha256 = %s", talk.audio)
    run(stores, "update media_object set state = 'in_review' where id = %s", talk.id)


def write_an_unknown_recording(stores: Stores, _: Recorded) -> None:
    document = {"recording": "f" * 64, "revision": 3, "turn": 0, "text": "who is it"}
    stores.search.index(index=stores.indexes.turns, document=document)
    stores.search.index(index=stores.indexes.recordings, document={"recording": "0" * 64, "revision": 3, "turns": 0})


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (lose_a_turn, ["missing_documents"]),
        (lose_all_turns, ["missing_documents"]),
        (lose_the_recording, ["missing_documents"]),
        (lose_everything, ["missing_documents"]),
        (change_the_count, ["wrong_count"]),
        (age_a_turn, ["wrong_version"]),
        (age_the_recording, ["wrong_version"]),
        (forget_the_transcript, ["surplus_documents"]),
        (write_an_unknown_recording, ["unknown_recording"] * 2),
    ],
)
def test_wrong_documents_are_found_and_repaired(
    stores: Stores, indexed: Indexed, damage: Damage, found: list[str]
) -> None:
    talk = indexed("talk")
    indexed("other")
    assert kinds(stores) == []
    damage(stores, talk)
    assert kinds(stores) == found
    assert verifying.repair(stores, verify(stores)) == len(found)
    publish_pending(stores.conn, stores.search, indexes=stores.indexes)
    assert kinds(stores) == []


def test_a_duplicate_turn_is_found(stores: Stores, indexed: Indexed) -> None:
    double_a_turn(stores, indexed("talk"))
    assert kinds(stores) == ["surplus_documents"]


def test_a_due_publication_is_reported_with_its_error(stores: Stores, indexed: Indexed) -> None:
    indexed("talk", publish=False)
    run(stores, "update publication set attempts = 2, last_error = 'mapper_parsing_exception'")
    (one,) = verify(stores)
    assert (one.kind, "2 times: mapper_parsing_exception" in one.detail) == ("due", True)


def test_a_missing_object_is_found(stores: Stores, indexed: Indexed) -> None:
    talk, _ = indexed("talk"), indexed("a talk+with ümläuts")
    stores.s3.delete_object(Bucket=talk.bucket, Key=talk.key)
    (one,) = verify(stores)
    assert (one.kind, one.subject) == ("missing_object", f"s3://{talk.bucket}/{talk.key}")


def test_a_missing_bucket_does_not_hide_the_others(stores: Stores, indexed: Indexed) -> None:
    talk, other = indexed("talk"), indexed("other")
    stores.s3.delete_object(Bucket=talk.bucket, Key=talk.key)
    with transaction(stores.conn) as cursor:
        cursor.execute("update media_object set bucket = 'a-' || bucket where id = %s", (other.id,))
    found = {one.kind: one.subject for one in verify(stores)}
    assert found == {
        "unreadable_bucket": f"s3://a-{other.bucket}/",
        "missing_object": f"s3://{talk.bucket}/{talk.key}",
    }


def test_an_undiscovered_object_is_no_difference(stores: Stores, indexed: Indexed) -> None:
    talk = indexed("talk")
    stores.s3.put_object(Bucket=talk.bucket, Key="in/new.wav", Body=b"new")
    stores.s3.put_object(Bucket=talk.bucket, Key=talk.key, Body=b"replaced")
    assert kinds(stores) == []


def test_an_erased_object_that_exists_again_is_found(stores: Stores, indexed: Indexed) -> None:
    talk = indexed("talk")
    erasing.complete(stores, opened(stores, talk))
    stores.s3.put_object(Bucket=talk.bucket, Key=talk.key, Body=b"talk")
    assert kinds(stores) == ["erased_object"]


def test_orphan_artifacts_are_found(stores: Stores, indexed: Indexed) -> None:
    talk = indexed("talk")
    place = {"Bucket": stores.artifacts_bucket, "Key": f"artifacts/{'e' * 64}/normalize/x.json.gz"}
    stores.s3.put_object(**place, Body=b"x")
    assert kinds(stores) == []  # a run may be processing it
    (one,) = verifying.artifact_differences(stores, young=timedelta())
    assert (one.kind, one.subject) == ("orphan_artifacts", "e" * 64)
    erasing.complete(stores, opened(stores, talk))
    artifacts(stores, talk)
    assert kinds(stores) == ["erased_artifacts"]


def test_an_indexed_object_without_a_transcript_is_found(stores: Stores, indexed: Indexed) -> None:
    talk = indexed("talk")
    run(stores, "update transcript set is_current = false")
    assert kinds(stores) == ["no_transcript", "surplus_documents"]
    ledger.set_state(stores.conn, talk.id, ObjectState.GONE)
    publish_pending(stores.conn, stores.search, indexes=stores.indexes)
    assert kinds(stores) == []


def test_a_publication_during_the_comparison_is_no_difference(
    stores: Stores, indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = indexed("talk")
    real = search_contents.contents

    def publish_after_the_first_read(*arguments: Any) -> Iterator[search_contents.IndexedRecording]:
        indexed_recordings = list(real(*arguments))
        if len(arguments) == 2:  # the first comparison, not the second
            transcribe(stores.conn, talk, "here is better weather")
            publish_pending(stores.conn, stores.search, indexes=stores.indexes)
        return iter(indexed_recordings)

    monkeypatch.setattr(verifying, "contents", publish_after_the_first_read)
    assert kinds(stores) == []


def test_a_comparison_of_many_pages_has_every_recording_once(
    stores: Stores, indexed: Indexed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (verification, search_contents):
        monkeypatch.setattr(module, "PAGE", 2)
    talks = [indexed(f"talk {number}") for number in range(5)]
    assert kinds(stores) == []
    for talk in talks:
        lose_a_turn(stores, talk)
    assert sorted(one.subject for one in verify(stores)) == sorted(talk.audio for talk in talks)
