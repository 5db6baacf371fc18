"""``mediaindex``: the command and its sub-commands."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import typer
from typer.core import TyperGroup

from mediaindex import __version__
from mediaindex.errors import MediaindexError
from mediaindex.printable import printable

from . import (
    calibrate,
    config,
    dags,
    db,
    doctor,
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
from .terminal import say


class Commands(TyperGroup):
    """The command; its messages about wrong arguments, which quote names of files, are printable."""

    def invoke(self, ctx: Any) -> Any:
        """Run a sub-command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if hasattr(error, "format_message"):  # an error about an argument
                error.message = printable(error.message)  # type: ignore[attr-defined]
            raise


cli = typer.Typer(
    cls=Commands,
    name="mediaindex",
    help="Turn recordings into searchable, speaker-labelled transcripts.",
    no_args_is_help=True,
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
cli.command("doctor")(doctor.doctor)
cli.command("erase")(erase.erase)
cli.add_typer(models.app, name="models")
cli.add_typer(ledger.app, name="ledger")
cli.add_typer(source.app, name="source")
cli.add_typer(config.app, name="config")
cli.add_typer(db.app, name="db")
cli.add_typer(dags.app, name="dags")


def _version(wanted: bool) -> None:
    if wanted:
        say(f"mediaindex {__version__}")
        raise typer.Exit


@cli.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """Turn recordings into searchable, speaker-labelled transcripts."""


def app() -> None:
    """Run the command. A MediaindexError is printed as one line, without a traceback; the exit code is 1.

    So is a library that is not installed: no environment has the libraries of all commands.
    """
    try:
        cli()
    except MediaindexError as error:
        say(f"mediaindex: {error}", error=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] == __package__.partition(".")[0]:
            raise
        say(f"mediaindex: {_other_environment(str(error.name))}", error=True)
        sys.exit(1)


def _other_environment(library: str) -> str:
    """What to do without this library, which the other environment has."""
    speech = find_spec("airflow") is not None
    extra, checkout = ("speech", ".venv-speech") if speech else ("airflow", ".venv-airflow")
    return (
        f"this command needs {library}, which this environment does not have; run it in the {extra} environment "
        f"({checkout}/bin/mediaindex of a checkout), or install mediaindex[{extra}]"
    )
