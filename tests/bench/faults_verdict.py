"""Checks after the faults: each recording exists once in ledger, PostgreSQL and Elasticsearch; nothing is left over."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

from mediaindex.search.client import connect
from tests.bench.faults_recordings import FINAL_STATES
from tests.bench.faults_stack import ROOT, Stack, rows

OBJECTS = """
select o.id, o.key, o.state, o.reason_code, o.audio_sha256,
       (select count(*) from transcript t where t.audio_sha256 = o.audio_sha256),
       (select count(*) from transcript t where t.audio_sha256 = o.audio_sha256 and t.is_current),
       (select t.turn_count from transcript t where t.audio_sha256 = o.audio_sha256 and t.is_current)
from media_object o where starts_with(o.key, %(prefix)s) order by o.key
"""
# Queries that must return no row, by the problem that a row shows.
PROBLEMS = {
    "object without a final state": """
        select o.key from media_object o where starts_with(o.key, %(prefix)s) and o.state in ('seen', 'claimed')""",
    "unfinished batch": """
        select b.id from batch b where b.finished_at is null and exists (
            select from batch_item i join media_object o on o.id = i.media_object_id
            where i.batch_id = b.id and starts_with(o.key, %(prefix)s))""",
    "transcript with missing or duplicate turns or words": """
        select t.id, t.turn_count, t.word_count from transcript t join media_object o on o.id = t.media_object_id
        where starts_with(o.key, %(prefix)s) and (
            t.turn_count <> (select count(*) from turn u where u.transcript_id = t.id)
            or t.word_count <> (select count(*) from word w where w.transcript_id = t.id))""",
    "duplicate recording": """
        select o.audio_sha256, count(*) from media_object o
        where starts_with(o.key, %(prefix)s) and o.audio_sha256 is not null group by 1 having count(*) > 1""",
    "duplicate review item": """
        select r.media_object_id, r.kind, count(*) from review_item r join media_object o on o.id = r.media_object_id
        where starts_with(o.key, %(prefix)s) group by 1, 2 having count(*) > 1""",
    "unpublished publication": """
        select p.id, p.last_error from publication p join media_object o on o.audio_sha256 = p.audio_sha256
        where starts_with(o.key, %(prefix)s) and p.published_at is null""",
}
INDEXES = ("mediaindex-turns", "mediaindex-recordings")


def problems(stack: Stack, prefix: str, uploaded: Collection[str], *, exclusive: bool = True) -> list[str]:
    """Problems found: missing, duplicate or left-over rows and documents. Empty if there are none.

    ``uploaded``: keys of the recordings. If the servers are not ``exclusive`` to this run, differences that `mediaindex
    verify` finds for other recordings are ignored.
    """
    url = stack.variables["MEDIAINDEX_DATABASE_URL"]
    found = rows(url, OBJECTS, {"prefix": prefix})
    result = [*_of_objects(found, uploaded), *_of_documents(stack, found)]
    for problem, sql in PROBLEMS.items():
        result += [f"{problem}: {row}" for row in rows(url, sql, {"prefix": prefix})]
    names = [prefix, *(audio for *_, audio, _, _, _ in found if audio)]
    return result + _verify(stack, None if exclusive else names)


def left_over(stack: Stack) -> list[str]:
    """Processes without a server as ancestor, and temporary files of ended processes."""
    temporary = [path for path in (stack.folder / "tmp").glob("mediaindex-*") if path.is_dir()]
    files = [f"left over in TMPDIR: {_contents(path)}" for path in temporary]
    return [f"orphan process: {process}" for process in stack.orphans()] + files


def _of_objects(found: list[tuple[Any, ...]], uploaded: Collection[str]) -> list[str]:
    counts = Counter(key for _, key, *_ in found)
    problems = [f"{key}: {counts[key]} times in the ledger" for key in uploaded if counts[key] != 1]
    problems += [f"{key}: in the ledger, but not uploaded" for key in counts if key not in uploaded]
    for _, key, state, code, _, versions, current, _ in found:
        if key not in uploaded:
            continue
        if state not in FINAL_STATES:
            problems.append(f"{key}: {state} ({code})")
        # A recording in review by triage has no transcript; every other one has one, which is loaded once.
        expected = (0,) if code == "review_triage" else (1,)
        if (versions, current) != (*expected, *expected):
            problems.append(f"{key}: {versions} transcripts, {current} of them current ({state} {code})")
    return problems


def _of_documents(stack: Stack, found: list[tuple[Any, ...]]) -> list[str]:
    """Compare the number of documents of each recording in Elasticsearch with the catalog."""
    client = connect(stack.variables["MEDIAINDEX_ELASTICSEARCH_URL"])
    client.indices.refresh(index=list(INDEXES))
    problems = []
    for _, key, _, _, audio, _, current, turns in found:
        if audio is None:
            continue
        expected = (turns or 0, 1) if current else (0, 0)
        query = {"term": {"recording": audio}}
        actual = tuple(int(client.count(index=index, query=query)["count"]) for index in INDEXES)
        if actual != expected:
            problems.append(f"{key}: {actual} documents (turns, recording) instead of {expected}")
    return problems


def _verify(stack: Stack, only: list[str] | None) -> list[str]:
    command = [str(ROOT / ".venv-airflow" / "bin" / "mediaindex"), "verify", "--json"]
    done = subprocess.run(command, env=stack.variables, capture_output=True, text=True, check=False, timeout=300)
    output = f"{done.stdout}{done.stderr}"
    if done.returncode == 0 or (only and done.returncode == 1 and not any(name in output for name in only)):
        return []
    return [f"mediaindex verify: exit status {done.returncode}\n{output}"]


def _contents(folder: Path) -> str:
    return f"{folder.name}: {sum(1 for _ in folder.rglob('*'))} files"
