"""``mediaindex``: the command and its sub-commands."""

from __future__ import annotations

import sys

import typer

from mediaindex import __version__
from mediaindex.errors import MediaindexError

from . import (
    calibrate,
    config,
    erase,
    evaluate,
    index,
    ledger,
    models,
    plan,
    reindex,
    samples,
    search,
    source,
    stage,
    verify,
)

cli = typer.Typer(
    name="mediaindex",
    help="Turn recordings into searchable, speaker-labelled transcripts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
cli.command("index")(index.index)
cli.command("evaluate")(evaluate.evaluate)
cli.command("calibrate")(calibrate.calibrate)
cli.command("stage")(stage.stage)
cli.command("samples")(samples.samples)
cli.command("search")(search.search)
cli.command("reindex")(reindex.reindex)
cli.command("plan")(plan.plan)
cli.command("verify")(verify.verify)
cli.command("erase")(erase.erase)
cli.add_typer(models.app, name="models")
cli.add_typer(ledger.app, name="ledger")
cli.add_typer(source.app, name="source")
cli.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"mediaindex {__version__}")
        raise typer.Exit


@cli.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Turn recordings into searchable, speaker-labelled transcripts."""


def app() -> None:
    """Run the command. A MediaindexError is printed as one line, without a traceback; the exit code is 1."""
    try:
        cli()
    except MediaindexError as error:
        print(f"mediaindex: {error}", file=sys.stderr)
        sys.exit(1)
