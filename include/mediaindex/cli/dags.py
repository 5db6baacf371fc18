"""``mediaindex dags``: where the DAG files are, and how an existing Airflow gets them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .figures import count_of
from .options import Json, check_folder
from .terminal import say, say_json

app = typer.Typer(help="Give the DAG files to an existing Airflow.", no_args_is_help=True)


@app.command("path")
def show_path(*, as_json: Json = False) -> None:
    """Print the folder of the DAG files, for a DAG bundle.

    Example:

      mediaindex dags path
    """
    from mediaindex.orchestration import dag_files

    place = dag_files.folder()
    if as_json:
        say_json({"folder": str(place), "files": dag_files.names()})
    else:
        say(str(place))


@app.command("install")
def install(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Airflow's DAG folder, or a folder in it.")],
    *,
    as_json: Json = False,
) -> None:
    """Write a file per DAG file to FOLDER, which loads the one of the installed package.

    Run it again after an upgrade: it adds files of new DAGs and removes those of DAGs that are gone. No other file is
    touched.

    Example:

      mediaindex dags install dags/mediaindex
    """
    from mediaindex.orchestration import dag_files

    check_folder(folder)
    written = dag_files.install(folder)
    if as_json:
        say_json({"written": [str(path) for path in written]})
    else:
        say(f"Wrote {count_of(len(written), 'file')} to {folder}.")
