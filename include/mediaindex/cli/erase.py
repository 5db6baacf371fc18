"""``mediaindex erase``: erase a recording in every store, permanently, with a receipt."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mediaindex.printable import printable

from .figures import count_of
from .options import OBJECT_NAMES, Json, Yes, all_stores
from .terminal import say, say_json

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.erasure.erasure import Receipt
    from mediaindex.upkeep.erasing import Stores

Reason = Annotated[str | None, typer.Option(help="The reason, kept on the receipt. Do not name a person in it.")]
AllCopies = Annotated[bool, typer.Option("--all-copies", help="Also erase other objects with the same audio.")]
HashKeys = Annotated[
    bool, typer.Option("--hash-keys", help="Also replace keys in the ledger by their hash, if keys are personal.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Complete erasures that were interrupted.")]


def erase(
    names: Annotated[list[str] | None, typer.Argument(help=OBJECT_NAMES)] = None,
    *,
    reason: Reason = None,
    all_copies: AllCopies = False,
    hash_keys: HashKeys = False,
    resume: Resume = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Erase recordings: objects with all their versions, artifacts, transcripts and documents. A receipt is kept.

    A key stands for every object that was ever stored under it; an id stands for that version and older ones. If the
    command is killed, run it again or use --resume. A recording that is uploaded again afterwards is indexed again.
    With --json, each name is one line.

    Examples:

      mediaindex erase calls/2026-11-03.wav --reason "request 4711" --yes

      mediaindex erase --resume
    """
    if bool(names) == resume:
        raise typer.BadParameter("name the objects by key, id or s3://bucket/key, or use --resume")
    if names and not reason:
        raise typer.BadParameter("--reason is missing; it is kept on the receipt")
    with all_stores("erase") as stores:
        if resume:
            _resume(stores, as_json)
            return
        for name in dict.fromkeys(names or []):
            objects = _objects(stores.conn, name)
            if yes:
                _erase(stores, name, objects, str(reason), all_copies, hash_keys, as_json)
            else:
                _describe(stores.conn, name, objects, all_copies, as_json)


def _resume(stores: Stores, as_json: bool) -> None:
    from mediaindex.upkeep import erasing

    done = erasing.resume(stores)
    if as_json:
        say_json({"receipts": done})
        return
    receipts = f" (receipts: {', '.join(map(str, done))})" if done else ""
    say(f"Completed {count_of(len(done), 'erasure')}{receipts}.")


def _objects(conn: Connection, name: str) -> dict[int, bool]:
    """Ids of the named objects, and whether every object under their key is to be erased."""
    from mediaindex.catalog.ledger import lines as ledger_lines

    lines = ledger_lines.resolve(conn, name)
    by_id = name.isdecimal() and [line.id for line in lines] == [int(name)]
    return {line.id: not by_id for line in lines}


def _describe(conn: Connection, name: str, objects: dict[int, bool], all_copies: bool, as_json: bool) -> None:
    from mediaindex.catalog.erasure import erasure

    scope = erasure.scope(conn, list(objects), all_copies=all_copies)
    if as_json:
        say_json({"name": name, "erased": False, **asdict(scope)})
        return
    objects_text = count_of(len(scope.objects), "object")
    say(
        f"{printable(name)}: would erase {objects_text} of the ledger and {count_of(len(scope.audios), 'recording')} "
        "with all transcripts and artifacts. Nothing was erased: add --yes."
    )
    for copy in scope.copies:
        name_of_copy = f"s3://{copy.bucket}/{printable(copy.key)} (id {copy.id}, {copy.state})"
        say(f"  {name_of_copy} has the same audio and would stay; --all-copies erases it")


def _erase(
    stores: Stores,
    name: str,
    objects: dict[int, bool],
    reason: str,
    all_copies: bool,
    hash_keys: bool,
    as_json: bool,
) -> None:
    from mediaindex.catalog.erasure import erasure
    from mediaindex.upkeep import erasing, task_logs

    keys = _keys(stores.conn, objects, all_copies)
    number = erasure.open_receipt(
        stores.conn, objects, reason=reason, actor=getpass.getuser(), all_copies=all_copies, hide_keys=hash_keys
    )
    receipt = erasing.complete(stores, number)
    folder = task_logs.log_folder() if hash_keys else None
    logs = task_logs.redact(folder, keys) if folder else None
    if as_json:
        facts = {"receipt": receipt.id, "counts": receipt.counts, "finished": receipt.finished, "logs": logs}
        say_json({"name": name, "erased": True, **facts})
        return
    _print_receipt(receipt)
    if folder:
        say(f"Removed the keys from {count_of(logs or 0, 'task log')} in {folder}.")
    elif hash_keys:
        say("Airflow's task logs are not on this machine, and name the keys until their own retention removes them.")


def _keys(conn: Connection, objects: dict[int, bool], all_copies: bool) -> set[str]:
    """The keys that the erasure covers."""
    from mediaindex.catalog.erasure import erasure
    from mediaindex.catalog.ledger import ledger

    scope = erasure.scope(conn, list(objects), all_copies=all_copies)
    return {found.key for found in ledger.find(conn, ids=list(scope.objects))}


def _print_receipt(receipt: Receipt) -> None:
    removed = ", ".join(f"{count} {kind}" for kind, count in receipt.counts.items() if count)
    state = "complete" if receipt.finished else "publish_outbox still has to remove documents from Elasticsearch"
    say(f"Receipt {receipt.id}: erased {removed or 'nothing'}; {state}.")
