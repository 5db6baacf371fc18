"""The end: every recording once, in PostgreSQL, in Elasticsearch and on the ledger, and nothing left lying about."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mediaindex.search.client import connect
from tests.bench.faults_recordings import Made
from tests.bench.faults_stack import ROOT, Stack, rows

OBJECTS = """
select o.id, o.key, o.state, o.reason_code, o.audio_sha256,
       (select count(*) from transcript t where t.audio_sha256 = o.audio_sha256),
       (select count(*) from transcript t where t.audio_sha256 = o.audio_sha256 and t.is_current),
       (select t.turn_count from transcript t where t.audio_sha256 = o.audio_sha256 and t.is_current)
from media_object o where starts_with(o.key, %(prefix)s) order by o.key
"""
# What must not be in the catalog, each with what a row of it says.
NEVER = {
    "claimed, and in no batch or in an unfinished one": """
        select o.key from media_object o where starts_with(o.key, %(prefix)s) and o.state in ('seen', 'claimed')""",
    "batch without an end": """
        select b.id from batch b where b.finished_at is null and exists (
            select from batch_item i join media_object o on o.id = i.media_object_id
            where i.batch_id = b.id and starts_with(o.key, %(prefix)s))""",
    "transcript with turns or words missing or doubled": """
        select t.id, t.turn_count, t.word_count from transcript t join media_object o on o.id = t.media_object_id
        where starts_with(o.key, %(prefix)s) and (
            t.turn_count <> (select count(*) from turn u where u.transcript_id = t.id)
            or t.word_count <> (select count(*) from word w where w.transcript_id = t.id))""",
    "recording twice": """
        select o.audio_sha256, count(*) from media_object o
        where starts_with(o.key, %(prefix)s) and o.audio_sha256 is not null group by 1 having count(*) > 1""",
    "question asked twice": """
        select r.media_object_id, r.kind, count(*) from review_item r join media_object o on o.id = r.media_object_id
        where starts_with(o.key, %(prefix)s) group by 1, 2 having count(*) > 1""",
    "publication that waits": """
        select p.id, p.last_error from publication p join media_object o on o.audio_sha256 = p.audio_sha256
        where starts_with(o.key, %(prefix)s) and p.published_at is null""",
}
INDEXES = ("mediaindex-turns", "mediaindex-recordings")


def problems(stack: Stack, prefix: str, uploaded: Mapping[str, Made], *, alone: bool = True) -> list[str]:
    """What is missing, doubled or left; ``uploaded`` by key. Nothing: all is well.

    Where the servers are not ours ``alone``, differences that `mediaindex verify` finds elsewhere do not count.
    """
    url = stack.variables["MEDIAINDEX_DATABASE_URL"]
    found = rows(url, OBJECTS, {"prefix": prefix})
    told = [*_of_objects(found, uploaded), *_of_documents(stack, found)]
    for what, sql in NEVER.items():
        told += [f"{what}: {row}" for row in rows(url, sql, {"prefix": prefix})]
    ours = [prefix, *(audio for *_, audio, _, _, _ in found if audio)]
    return told + _verify(stack, None if alone else ours)


def left_behind(stack: Stack) -> list[str]:
    """Processes without a server above them, and temporary files of processes that are no more."""
    temporary = [path for path in (stack.folder / "tmp").glob("mediaindex-*") if path.is_dir()]
    return [f"orphan {one}" for one in stack.orphans()] + [f"left in TMPDIR: {_contents(path)}" for path in temporary]


def _of_objects(found: list[tuple[Any, ...]], uploaded: Mapping[str, Made]) -> list[str]:
    counts = Counter(key for _, key, *_ in found)
    told = [f"{key}: on the ledger {counts[key]} times" for key in uploaded if counts[key] != 1]
    told += [f"{key}: on the ledger, and nobody uploaded it" for key in counts if key not in uploaded]
    for _, key, state, code, _, versions, current, _ in found:
        made = uploaded.get(key)
        if made is None:
            continue
        if state not in made.ends:
            told.append(f"{key}: {state} ({code})")
        # What triage doubts has no transcript; everything else has one, and the same one is never loaded twice.
        wanted = (0,) if code == "review_triage" else (1,)
        if (versions, current) != (*wanted, *wanted):
            told.append(f"{key}: {versions} transcripts, {current} of them current ({state} {code})")
    return told


def _of_documents(stack: Stack, found: list[tuple[Any, ...]]) -> list[str]:
    """Counted by Elasticsearch itself, recording by recording."""
    client = connect(stack.variables["MEDIAINDEX_ELASTICSEARCH_URL"])
    client.indices.refresh(index=list(INDEXES))
    told = []
    for _, key, _, _, audio, _, current, turns in found:
        if audio is None:
            continue
        wanted = (turns or 0, 1) if current else (0, 0)
        query = {"term": {"recording": audio}}
        there = tuple(int(client.count(index=index, query=query)["count"]) for index in INDEXES)
        if there != wanted:
            told.append(f"{key}: (turns, recording) documents {there} instead of {wanted}")
    return told


def _verify(stack: Stack, only: list[str] | None) -> list[str]:
    command = [str(ROOT / ".venv-airflow" / "bin" / "mediaindex"), "verify", "--json"]
    done = subprocess.run(command, env=stack.variables, capture_output=True, text=True, check=False, timeout=300)
    told = f"{done.stdout}{done.stderr}"
    if done.returncode == 0 or (only and done.returncode == 1 and not any(one in told for one in only)):
        return []
    return [f"mediaindex verify: exit code {done.returncode}\n{told}"]


def _contents(folder: Path) -> str:
    return f"{folder.name}: {sum(1 for _ in folder.rglob('*'))} files"
