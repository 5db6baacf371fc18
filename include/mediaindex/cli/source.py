"""``mediaindex source``: list the sources of the catalog, and rename or retire one that left the sources file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediaindex.errors import ErrorCode, TerminalError

from . import ledger_tables
from .figures import count_of
from .options import Json, Yes, catalog
from .terminal import say, say_json

if TYPE_CHECKING:
    from mediaindex.catalog import Connection
    from mediaindex.catalog.ledger.sources import KnownSource

app = typer.Typer(
    help="List the sources of the catalog; rename or retire one.", no_args_is_help=True, rich_markup_mode="rich"
)
Days = Annotated[int | None, typer.Option(min=1)]


@app.command("list")
def list_sources(as_json: Json = False) -> None:
    """List all sources: whether a sources file has them, and their recordings by state.

    Example:

      mediaindex source list
    """
    from mediaindex.catalog.ledger import sources

    with catalog("source") as conn:
        known = sources.overview(conn)
    if as_json:
        say_json([asdict(source) | {"status": status(source)} for source in known], indent=2)
        return
    rows = [
        (
            source.name,
            status(source),
            f"s3://{source.bucket}/{source.prefix}" if source.bucket else "",
            ", ".join(f"{number:,} {state}" for state, number in source.objects.items()),
            str(source.feeds or ""),
        )
        for source in known
    ]
    ledger_tables.table(ledger_tables.table_console(), ("source", "status", "place", "recordings", "feeds"), rows)


@app.command()
def feeds(
    name: Annotated[str | None, typer.Argument(help="Only feeds of this source.")] = None, as_json: Json = False
) -> None:
    """Show how the feeds of podcasts do: episodes, what was left out or held back and why, and the last error.

    Example:

      mediaindex source feeds
    """
    from mediaindex.catalog.podcasts import feeds as followed

    with catalog("source") as conn:
        healths = followed.health(conn, [name] if name else None)
    if as_json:
        say_json([asdict(feed) for feed in healths], indent=2)
        return
    heads = ("id", "source", "feed", "read (UTC)", "copied", "waiting", "failed", "same file", "held back", "left out")
    rows = [
        (
            str(feed.id), feed.source, feed.title or feed.url.partition("?")[0], ledger_tables.when(feed.read_at),
            *(str(count or "") for count in (feed.copied, feed.wanted, feed.failed, feed.same, feed.held_back)),
            ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in feed.left_out.items()),
            f"failed {feed.attempts} times: {feed.last_error}" if feed.attempts else "",
        )
        for feed in healths
    ]  # fmt: skip
    ledger_tables.table(ledger_tables.table_console(), (*heads, "error"), rows, folds=("feed", "left out", "error"))


@app.command()
def rename(
    old: Annotated[str, typer.Argument(help="The name that the sources file had.")],
    new: Annotated[str, typer.Argument(help="The name that it has now.")],
    *,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Give the recordings, feeds and retention of one source to another, after a change of the sources file.

    Change the name in the sources file first, and wait for the next run of `sweep_ledger`. Recordings that were set
    aside are queued again by the run after. Transcripts are published again, because documents name their source.

    Examples:

      mediaindex source rename calls support_calls

      mediaindex source rename calls support_calls --yes
    """
    from mediaindex.catalog.ledger import sources

    with catalog("source") as conn:
        _left_the_file(conn, old)
        target = next(iter(sources.overview(conn, new)), None)
        if old == new or target is None or not target.is_configured:
            raise TerminalError(
                f"source {new}: no sources file has it, as far as `sweep_ledger` has read; add it there, and try again "
                "after the next run of `sweep_ledger`",
                code=ErrorCode.NO_SOURCE,
            )
        (before,) = sources.overview(conn, old)
        if yes:
            sources.rename(conn, old, new)
    _report(before, as_json, yes, f"{'gave' if yes else 'would give'} {_content(before)} to {new}", {"new": new})


@app.command()
def retire(
    name: Annotated[str, typer.Argument(help="The source, which the sources file does not have any more.")],
    *,
    media_days: Days = None,
    proxy_days: Days = None,
    transcript_days: Days = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Say that a source will not come back: nothing of it is indexed, its feeds are not read, its transcripts stay.

    Its recordings are kept without limit, or as long as the options say, counted as in `retention` of a sources file.
    If a sources file has the source again, its recordings are queued again.

    Examples:

      mediaindex source retire old_calls

      mediaindex source retire old_calls --media-days 30 --proxy-days 30 --transcript-days 365 --yes
    """
    from mediaindex.catalog.ledger import sources
    from mediaindex.config.retention import Retention

    days = {"media_days": media_days, "proxy_days": proxy_days, "transcript_days": transcript_days}
    retention = {field: number for field, number in days.items() if number is not None}
    try:
        Retention.model_validate(retention)
    except ValueError as error:
        raise typer.BadParameter("--transcript-days needs --media-days of at most as many days") from error
    with catalog("source") as conn:
        _left_the_file(conn, name)
        (before,) = sources.overview(conn, name)
        if yes:
            sources.retire(conn, name, retention)
            while source := sources.absence(conn, name):
                if not sources.set_aside(conn, source):
                    break
    kept = ", ".join(f"{field} {number}" for field, number in retention.items()) or "kept without limit"
    text = f"{'retired' if yes else 'would retire'} it, with {_content(before)}; retention: {kept}"
    _report(before, as_json, yes, text, {"retention": retention})


def status(source: KnownSource) -> str:
    """What the catalog knows about the source, in one or two words."""
    if source.renamed_to:
        return f"renamed to {source.renamed_to}"
    if source.retired_at:
        return "retired"
    return "configured" if source.is_configured else "absent"


def _left_the_file(conn: Connection, name: str) -> None:
    from mediaindex.catalog.ledger import sources

    known = next(iter(sources.overview(conn, name)), None)
    if known is None:
        raise TerminalError(
            f"source {name}: not in the catalog; `mediaindex source list` shows its sources",
            code=ErrorCode.UNKNOWN_SOURCE,
        )
    if known.is_configured:
        raise TerminalError(
            f"source {name}: the sources file still has it, as far as `sweep_ledger` has read; change the file, and "
            "try again after the next run of `sweep_ledger`",
            code=ErrorCode.SOURCE_CONFIGURED,
        )


def _content(source: KnownSource) -> str:
    return f"{count_of(sum(source.objects.values()), 'recording')} and {count_of(source.feeds, 'feed')}"


def _report(source: KnownSource, as_json: bool, done: bool, text: str, more: dict[str, Any]) -> None:
    if as_json:
        say_json(
            {"source": source.name, "done": done, "objects": source.objects, "feeds": source.feeds, **more}, indent=2
        )
    else:
        say(f"{source.name}: {text}." + ("" if done else " Nothing was changed: add --yes."))
