"""``mediaindex ledger``: the state of every object, the reason for it, and how to retry."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediaindex.contract.states import ObjectState, StateReason
from mediaindex.errors import ErrorCode, FailureClass, TerminalError

from . import ledger_tables, paused
from .figures import count_of
from .options import DATES, OBJECT_NAMES, Json, Yes, catalog
from .terminal import say, say_json

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.ledger.lines import LedgerLine, Wanted

app = typer.Typer(
    help="Show the state of every object and the reason for it; retry failed objects.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
SAMPLE = 5  # lines of a dry run
UNFILTERED = "name the objects, or use --source, --state, --reason, --class, --stage, --key, --since or --fallback"


Source = Annotated[str | None, typer.Option(help="Only objects of this source.")]
States = Annotated[
    list[ObjectState] | None, typer.Option("--state", help="Only objects in this state; may be repeated.")
]
Reason = Annotated[str | None, typer.Option("--reason", help="Only objects with this reason code, such as s3_busy.")]
Class = Annotated[FailureClass | None, typer.Option("--class", help="Only objects with a failure of this class.")]
Stage = Annotated[str | None, typer.Option(help="Only objects that failed at this stage, such as transcribe.")]
Key = Annotated[
    str | None, typer.Option(help="Only objects whose key has this prefix, or matches this pattern with * and ?.")
]
Since = Annotated[
    datetime | None, typer.Option(formats=DATES, help="Only objects whose state changed since then (UTC).")
]
Warned = Annotated[
    bool, typer.Option("--warned", help="Only objects with warnings, such as tracks that were left out.")
]
Fallback = Annotated[bool, typer.Option("--fallback", help="Only objects that a fallback recogniser transcribed.")]
InProgress = Annotated[
    bool,
    typer.Option("--in-progress", help="Also objects whose batch is in progress, if you know that its run is dead."),
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most this many objects.")]


@app.command("list")
def list_objects(
    source: Source = None,
    state: States = None,
    reason: Reason = None,
    kind: Class = None,
    stage: Stage = None,
    key: Key = None,
    since: Since = None,
    warned: Warned = False,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List objects and their states, most recently changed first, the number per state, and DAGs that are paused.

    Examples:

      mediaindex ledger list --state claimed --class transient

      mediaindex ledger list --key 'calls/2026-11-*' --since 2026-11-20

      mediaindex ledger list --source calls --warned
    """
    from mediaindex.catalog.ledger import lines as ledger_lines

    wanted = _wanted(source, state, reason, kind, stage, key, since, warned=warned)
    with catalog("ledger") as conn:
        lines = ledger_lines.lines(conn, wanted, limit)
        counts = ledger_lines.counts(conn, wanted)
        stopped = paused.dags(conn, source)
    if as_json:
        objects = [asdict(line) for line in lines]
        say_json({"objects": objects, "counts": counts, "paused": paused.as_json(stopped)}, indent=2)
    else:
        ledger_tables.objects(ledger_tables.table_console(), lines, counts)
        for dag in stopped:
            say(paused.line(dag))


@app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            help="An object key, an id as `mediaindex ledger list` shows it, s3://bucket/key, or a link of a search."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Show the history of one object: state changes, runs, costs, transcripts, reviews and copies.

    Examples:

      mediaindex ledger show incoming/endgame.wav

      mediaindex ledger show 's3://mediaindex-media/incoming/end%20game.wav#t=11.7'
    """
    from mediaindex.catalog.ledger import lines as ledger_lines
    from mediaindex.catalog.ledger import story as object_story

    with catalog("ledger") as conn:
        newest, *_ = ledger_lines.resolve(conn, name)
        history = object_story.tell(conn, newest)
    if as_json:
        say_json(asdict(history), indent=2)
    else:
        ledger_tables.story(ledger_tables.table_console(), history)


@app.command()
def arrivals(
    hours: Annotated[float, typer.Option(min=0.1, help="The number of hours to look back.")] = 24.0,
    as_json: Json = False,
) -> None:
    """Show how recordings arrive, per source: how many events announced, and how many only listings found.

    Example:

      mediaindex ledger arrivals --hours 1
    """
    from mediaindex.catalog.ledger import hearing

    with catalog("ledger") as conn:
        sources = hearing.arrivals(conn, window_s=3600 * hours)
    if as_json:
        say_json([asdict(source) for source in sources], indent=2)
    else:
        ledger_tables.arrivals(ledger_tables.table_console(), sources, hours)


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
    """List quarantined objects by reason, with their logs and the command that retries them after a fix.

    Example:

      mediaindex ledger dead-letters --class doubtful
    """
    from mediaindex.catalog.ledger import lines as ledger_lines

    wanted = _wanted(source, [ObjectState.QUARANTINED], reason, kind, stage, key, since)
    with catalog("ledger") as conn:
        lines = ledger_lines.lines(conn, wanted, limit)
        total = sum(ledger_lines.counts(conn, wanted).values())
    if as_json:
        say_json(
            [
                asdict(line) | {"log": ledger_tables.link_of(line), "retry": ledger_tables.retry_of(line)}
                for line in lines
            ],
            indent=2,
        )
    else:
        ledger_tables.dead_letters(ledger_tables.table_console(), lines, total)


@app.command()
def requeue(
    names: Annotated[list[str] | None, typer.Argument(help=OBJECT_NAMES)] = None,
    *,
    source: Source = None,
    state: States = None,
    reason: Reason = None,
    kind: Class = None,
    stage: Stage = None,
    key: Key = None,
    since: Since = None,
    fallback: Fallback = False,
    in_progress: InProgress = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Queue objects again: the named ones, or all that match (quarantined ones, unless --state is given).

    The next planning takes them into a batch. Results of stages are kept.

    Examples:

      mediaindex ledger requeue incoming/endgame.wav --yes

      mediaindex ledger requeue --reason crashed_speech_process --yes

      mediaindex ledger requeue --source podcasts --class transient

      mediaindex ledger requeue --fallback --yes

      mediaindex ledger requeue --state claimed --reason run_failed --in-progress
    """
    filters = (source, state, reason, kind, stage, key, since)
    if not names and not fallback and not any(filters):
        raise typer.BadParameter(UNFILTERED)
    with catalog("ledger") as conn:
        lines = _chosen(conn, names or [], filters, fallback)
        _queue(conn, lines, in_progress=in_progress, yes=yes, as_json=as_json)


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


def _queue(conn: Connection, lines: list[LedgerLine], *, in_progress: bool, yes: bool, as_json: bool) -> None:
    sourceless = _without_source(conn, lines)
    possible = [line for line in lines if line.source not in sourceless]
    done, busy = _requeue(conn, possible, in_progress) if yes else (0, 0)
    if as_json:
        ids = [line.id for line in possible]
        say_json({"done": yes, "objects": ids, "queued": done, "in_progress": busy, "skipped": sourceless}, indent=2)
        return
    if yes:
        skipped = f" Skipped {count_of(busy, 'object')} in progress." if busy else ""
        say(f"Queued {count_of(done, 'object')}.{skipped}")
    else:
        ledger_tables.dry_run(ledger_tables.table_console(), possible, SAMPLE)
    for name, why in sourceless.items():
        count = count_of(sum(line.source == name for line in lines), "object")
        say(f"{'Skipped' if yes else 'Would skip'} {count}: {why}.")


def _without_source(conn: Connection, lines: list[LedgerLine]) -> dict[str, str]:
    """Sources of the objects that are not in a sources file, with the reason why nothing of them is indexed."""
    from mediaindex.catalog.ledger import sources

    given = {line.source for line in lines}
    return {source.name: source.reason for source in sources.absent(conn) if source.name in given}


def _requeue(conn: Connection, lines: list[LedgerLine], in_progress: bool) -> tuple[int, int]:
    """The numbers of objects that were queued, and of those in progress, which were not."""
    from mediaindex.catalog.ledger import ledger

    busy = 0
    for line in lines:
        try:
            reason = "put back into the queue by hand"
            ledger.requeue(conn, line.id, in_progress=in_progress, code=StateReason.REQUEUED, reason=reason)
        except TerminalError as error:
            if error.code != ErrorCode.IN_PROGRESS:
                raise
            busy += 1
    return len(lines) - busy, busy


def _wanted(
    source: str | None,
    state: list[ObjectState] | None,
    reason: str | None,
    kind: FailureClass | None,
    stage: str | None,
    key: str | None,
    since: datetime | None,
    *,
    warned: bool = False,
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
        warned=warned,
    )
