"""Rebuild an index under a new template, and switch to it without a moment in which search is empty."""

from __future__ import annotations

import time
import warnings
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch
from elasticsearch.exceptions import GeneralAvailabilityWarning

from mediaindex.errors import TerminalError, TransientError

from .client import translated
from .names import DEFAULT, Indexes
from .setup import prepare

POLL = 0.5  # seconds between looks at the copying task


def reindex(client: Elasticsearch, kind: str, indexes: Indexes = DEFAULT, *, timeout: float = 24 * 3600) -> str:
    """Copy the index of ``kind`` (``turns`` or ``recordings``) into a new one; its name. The old one is deleted.

    Searches go on throughout. Writes are refused while it copies, which publishers see as "busy": the catalog's outbox
    keeps what is due, so nothing is lost. Raises TransientError after ``timeout`` seconds, TerminalError where
    documents do not fit the new template; then the old index is as it was.
    """
    prepare(client, indexes)
    alias = indexes.alias(kind)
    with translated(client):
        old = next(iter(client.indices.get_alias(name=alias)))
        new = indexes.concrete(kind, int(old.rpartition("-")[2]) + 1)
        _create(client, new)
        try:
            client.indices.put_settings(index=old, settings={"index.blocks.write": True})
            _copy(client, old, new, timeout)
            client.indices.update_aliases(
                actions=[
                    {"add": {"index": new, "alias": alias, "is_write_index": True}},
                    {"remove_index": {"index": old}},
                ]
            )
        except BaseException:
            _undo(client, alias, old, new)
            raise
    return new


def _create(client: Elasticsearch, new: str) -> None:
    try:
        client.indices.create(index=new)
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        raise TerminalError(
            f"{new} is there already: another rebuild is running, or one was killed. If none runs, delete that index "
            "and start again.",
            code="reindex_running",
        ) from error


def _undo(client: Elasticsearch, alias: str, old: str, new: str) -> None:
    """Everything as it was, unless the switch was made and only its answer was lost."""
    if old in client.indices.get_alias(name=alias):
        client.indices.put_settings(index=old, settings={"index.blocks.write": None})
        client.indices.delete(index=new)


def _copy(client: Elasticsearch, old: str, new: str, timeout: float) -> None:
    client.indices.refresh(index=old)
    task = client.reindex(
        source={"index": old},
        dest={"index": new, "version_type": "external"},  # versions come along: an older publish stays refused
        wait_for_completion=False,
    )["task"]
    deadline = time.monotonic() + timeout
    while not (answer := _task(client, task))["completed"]:
        if time.monotonic() > deadline:
            client.tasks.cancel(task_id=task)
            raise TransientError(f"Copying {old} to {new} took over {timeout:.0f} s; the old index stays.")
        time.sleep(POLL)
    failures = answer.get("error") or answer["response"]["failures"]
    if failures:
        raise TerminalError(f"{old} does not fit the new template: {failures!s:.500}", code="reindex_refused")
    client.indices.refresh(index=new)


def _task(client: Elasticsearch, task: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        # The documented way to follow a long copy; the client calls it a preview all the same.
        warnings.simplefilter("ignore", GeneralAvailabilityWarning)
        return dict(client.tasks.get(task_id=task))
