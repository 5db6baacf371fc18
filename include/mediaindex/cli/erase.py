"""``mediaindex erase``: a recording, everywhere and for good, with a receipt."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from mediaindex.errors import ErrorCode, TerminalError

from .search import printable
from .stores import all_stores

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.erasure.erasure import Receipt
    from mediaindex.upkeep.stores import Stores

Names = Annotated[
    list[str] | None, typer.Argument(help="Keys, numbers as `ledger list` shows them, or s3://bucket/key.")
]


def erase(
    names: Names = None,
    *,
    reason: Annotated[str | None, typer.Option(help="Why; stands on the receipt. Name no person.")] = None,
    all_copies: Annotated[bool, typer.Option("--all-copies", help="Other objects with the same audio too.")] = False,
    hash_keys: Annotated[
        bool, typer.Option("--hash-keys", help="The keys tell something too: leave only their hash on the ledger.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Complete erasures that were killed or held up.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; without this, only say what would be done.")] = False,
) -> None:
    """Erase recordings: objects with all their versions, artifacts, transcripts, documents. A receipt stays.

    A key means everything that ever lay under it; a number means that version and those before it. If it is killed,
    the same command (or --resume) goes on. Who uploads the recording again after that gives a new order to index it.

    Examples:

      mediaindex erase calls/2026-11-03.wav --reason "request 4711" --yes

      mediaindex erase --resume
    """
    from mediaindex.upkeep import erasing

    if bool(names) == resume:
        raise typer.BadParameter("say which: keys, numbers, s3://bucket/key, or --resume")
    if names and not reason:
        raise typer.BadParameter("--reason: say why; it stands on the receipt")
    with all_stores("erase") as stores:
        if resume:
            done = erasing.resume(stores)
            print(f"{len(done)} erasures completed" + (f", receipts {', '.join(map(str, done))}." if done else "."))
            return
        for name in dict.fromkeys(names or []):
            objects = _objects(stores.conn, name)
            if yes:
                _erase(stores, objects, str(reason), all_copies=all_copies, hash_keys=hash_keys)
            else:
                _say(stores.conn, name, objects, all_copies)


def _objects(conn: Connection, name: str) -> dict[int, bool]:
    """Ids of the objects that the name means, and whether their whole key goes."""
    from mediaindex.catalog.ledger import lines as ledger_lines

    found = ledger_lines.resolve(conn, name)
    if len({(one.bucket, one.key) for one in found}) > 1:
        places = ", ".join(sorted({f"s3://{one.bucket}/{one.key}" for one in found}))
        raise TerminalError(f"{name}: may mean {places}; say which", code=ErrorCode.AMBIGUOUS_NAME)
    by_number = name.isdecimal() and [one.id for one in found] == [int(name)]
    return {one.id: not by_number for one in found}


def _say(conn: Connection, name: str, objects: dict[int, bool], all_copies: bool) -> None:
    from mediaindex.catalog.erasure import erasure

    wanted = erasure.scope(conn, list(objects), all_copies=all_copies)
    print(
        f"{printable(name)}: {len(wanted.objects)} objects on the ledger, {len(wanted.audios)} recordings with all "
        "their transcripts and artifacts would be erased. --yes does it."
    )
    for copy in wanted.copies:
        print(f"  the same audio: s3://{copy.bucket}/{printable(copy.key)} ({copy.id}, {copy.state}): --all-copies")


def _erase(stores: Stores, objects: dict[int, bool], reason: str, *, all_copies: bool, hash_keys: bool) -> None:
    from mediaindex.catalog.erasure import erasure
    from mediaindex.upkeep import erasing

    receipt = erasure.open_receipt(
        stores.conn, objects, reason=reason, actor=getpass.getuser(), all_copies=all_copies, hide_keys=hash_keys
    )
    _tell(erasing.complete(stores, receipt))


def _tell(receipt: Receipt) -> None:
    removed = ", ".join(f"{count} {what}" for what, count in receipt.counts.items() if count)
    state = "nothing is left" if receipt.finished else "its documents are being taken out of Elasticsearch"
    print(f"Receipt {receipt.id}: {removed or 'nothing was there'}; {state}.")
