"""``mediaindex ledger``: what became of every object, why, and how to try again."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediaindex.contract.states import ObjectState, StateReason
from mediaindex.errors import ErrorCode, FailureClass, TerminalError

from . import ledger_tables as tables
from .ledger_story import story as print_story
from .stores import catalog

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.ledger.lines import LedgerLine, Wanted

app = typer.Typer(
    help="The ledger: what became of every object, why, and how to try again.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
SAMPLE = 5  # lines of a dry run


Source = Annotated[str | None, typer.Option(help="Only objects of this source.")]
States = Annotated[list[ObjectState] | None, typer.Option("--state", help="Only in this state; may be repeated.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Only with this reason code, like s3_busy.")]
Class = Annotated[FailureClass | None, typer.Option("--class", help="Only failures of this class.")]
Stage = Annotated[str | None, typer.Option(help="Only what failed at this stage, like transcribe.")]
Key = Annotated[str | None, typer.Option(help="Only keys that begin so, or match so with * and ?.")]
Since = Annotated[datetime | None, typer.Option(formats=DATES, help="Only what moved since then (UTC).")]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many lines to show at most.")]


@app.command("list")
def list_objects(
    source: Source = None,
    state: States = None,
    reason: Reason = None,
    kind: Class = None,
    stage: Stage = None,
    key: Key = None,
    since: Since = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Objects and their states, the latest move first; how many in each state at the end.

    Examples:

      mediaindex ledger list --state claimed --class transient

      mediaindex ledger list --key 'calls/2026-11-*' --since 2026-11-20
    """
    from mediaindex.catalog.ledger import lines as ledger_lines

    wanted = _wanted(source, state, reason, kind, stage, key, since)
    with catalog("ledger") as conn:
        found = ledger_lines.lines(conn, wanted, limit)
        counts = ledger_lines.counts(conn, wanted)
    if as_json:
        _print_json({"objects": [asdict(one) for one in found], "counts": counts})
    else:
        tables.objects(tables.shown(), found, counts)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A key, a number as `list` shows it, or s3://bucket/key.")],
    as_json: Json = False,
) -> None:
    """One object's whole history: moves, runs, costs, transcripts, reviews, copies.

    Examples:

      mediaindex ledger show incoming/endgame.wav

      mediaindex ledger show s3://mediaindex-media/incoming/endgame.wav
    """
    from mediaindex.catalog.ledger import lines as ledger_lines
    from mediaindex.catalog.ledger import story as object_story

    with catalog("ledger") as conn:
        newest, *_ = ledger_lines.resolve(conn, name)
        told = object_story.tell(conn, newest)
    if as_json:
        _print_json(asdict(told))
    else:
        print_story(tables.shown(), told)


@app.command()
def arrivals(
    hours: Annotated[float, typer.Option(min=0.1, help="How far to look back.")] = 24.0, as_json: Json = False
) -> None:
    """How recordings arrive: by source, how many were announced by events, and how many only listings found.

    Examples:

      mediaindex ledger arrivals --hours 1
    """
    from mediaindex.catalog.ledger import hearing

    with catalog("ledger") as conn:
        found = hearing.arrivals(conn, window_s=3600 * hours)
    if as_json:
        _print_json([asdict(one) for one in found])
    else:
        tables.arrivals(tables.shown(), found, hours)


@app.command("dead-letters")
def dead_letters(
    source: Source = None,
    reason: Reason = None,
    kind: Class = None,
    stage: Stage = None,
    key: Key = None,
    since: Since = None,
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """What is quarantined, by reason, with the log and the one command that tries it again after a fix.

    Example:

      mediaindex ledger dead-letters --class doubtful
    """
    from mediaindex.catalog.ledger import lines as ledger_lines

    wanted = _wanted(source, [ObjectState.QUARANTINED], reason, kind, stage, key, since)
    with catalog("ledger") as conn:
        found = ledger_lines.lines(conn, wanted, limit)
        total = sum(ledger_lines.counts(conn, wanted).values())
    if as_json:
        _print_json([asdict(one) | {"log": tables.link_of(one), "retry": tables.retry_of(one)} for one in found])
    else:
        tables.dead_letters(tables.shown(), found, total)


@app.command()
def requeue(
    names: Annotated[list[str] | None, typer.Argument(help="Keys, numbers or s3://bucket/key.")] = None,
    *,
    source: Source = None,
    state: States = None,
    reason: Reason = None,
    kind: Class = None,
    stage: Stage = None,
    key: Key = None,
    since: Since = None,
    fallback: Annotated[bool, typer.Option("--fallback", help="What a fallback recogniser wrote.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; without this, only say what would be done.")] = False,
) -> None:
    """Back into the queue: by name, or all that match (of the quarantined, unless --state says otherwise).

    Says how many before it does anything; --yes does it. The next planning takes them; what is done is not done again.

    Examples:

      mediaindex ledger requeue incoming/endgame.wav --yes

      mediaindex ledger requeue --reason crashed_speech_process --yes

      mediaindex ledger requeue --source podcasts --class transient

      mediaindex ledger requeue --fallback --yes
    """
    filters = (source, state, reason, kind, stage, key, since)
    if not names and not fallback and not any(filters):
        raise typer.BadParameter("say which: names, or one of --source, --reason, --class, --stage, --key, --fallback")
    with catalog("ledger") as conn:
        found = _chosen(conn, names or [], filters, fallback)
        if not yes:
            tables.dry_run(tables.shown(), found, SAMPLE)
            return
        done, busy = _requeue(conn, found)
    print(f"{done} back in the queue." + (f" {busy} are at work and were left alone." if busy else ""))


def _chosen(conn: Connection, names: list[str], filters: tuple[Any, ...], fallback: bool) -> list[LedgerLine]:
    from mediaindex.catalog.batches import sweeping
    from mediaindex.catalog.ledger import lines as ledger_lines

    if names:
        return [ledger_lines.resolve(conn, name)[0] for name in dict.fromkeys(names)]
    if fallback:
        ids = sweeping.with_fallback(conn, source=filters[0], limit=100_000)
        return ledger_lines.lines(conn, ledger_lines.Wanted(ids=ids))
    source, state, *rest = filters
    return ledger_lines.lines(conn, _wanted(source, state or [ObjectState.QUARANTINED], *rest))


def _requeue(conn: Connection, found: list[LedgerLine]) -> tuple[int, int]:
    from mediaindex.catalog.ledger import ledger

    busy = 0
    for one in found:
        try:
            ledger.requeue(conn, one.id, code=StateReason.REQUEUED, reason="put back into the queue by hand")
        except TerminalError as error:
            if error.code != ErrorCode.IN_PROGRESS:
                raise
            busy += 1
    return len(found) - busy, busy


def _wanted(
    source: str | None,
    state: list[ObjectState] | None,
    reason: str | None,
    kind: FailureClass | None,
    stage: str | None,
    key: str | None,
    since: datetime | None,
) -> Wanted:
    from mediaindex.catalog.ledger.lines import Wanted, like

    return Wanted(
        source=source,
        states=state or None,
        code=reason,
        failure_class=kind,
        stage=stage,
        key_like=like(key) if key else None,
        since=since.replace(tzinfo=UTC) if since else None,
    )


def _print_json(what: Any) -> None:
    print(json.dumps(what, ensure_ascii=False, indent=2, default=lambda value: value.isoformat()))
