"""Wait until something new lies under a source's prefix: what is known already, however old, wakes nobody.

Airflow's S3KeySensor is satisfied by any object that matches, for ever, reads a prefix as a pattern, and does not say
what it found. This one asks the ledger.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException
from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from mediaindex.config import sources
from mediaindex.errors import ErrorCode, MediaindexError, TerminalError, TransientError

from . import connections


def kind_of(run: Any) -> str:
    """``scheduled``, ``manual``, ``backfill``, …; a template would give ``DagRunType.BACKFILL``."""
    return str(getattr(run.run_type, "value", run.run_type))


_GRACE = timedelta(minutes=2)  # for the triggerer to start, before Airflow itself ends the wait


@dataclass(frozen=True, slots=True, repr=False)  # both hold secrets
class Servers:
    """Address of the catalog and AWS variables of S3, as Airflow's connections name them."""

    catalog: str
    s3: Mapping[str, str]

    @classmethod
    def connected(cls) -> Servers:
        """Read the connections. In the triggerer each secret is reported to its supervisor, a round of queries each."""
        return cls(connections.database_url(), connections.s3_environment())


def look(source_name: str, prefix: str, servers: Servers) -> bool:
    """Whether there is something to do under the prefix. Talks to S3 and the catalog, and leaves no trace."""
    from mediaindex.catalog.base.connection import connect
    from mediaindex.storage.client import s3_client

    from .discovery import is_something_new

    source = sources.load(sources.path_from_environment()).source(source_name)
    # Not by this process's environment: the triggerer's is everybody's.
    client = s3_client(variables=servers.s3)
    with connect(servers.catalog) as conn:
        return is_something_new(conn, client, source, prefix)


class NewRecordingsTrigger(BaseTrigger):
    """Looks every ``poke_seconds``; fires once, with whether something came within ``timeout_seconds``."""

    def __init__(self, source_name: str, prefix: str, poke_seconds: float, timeout_seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.source_name = source_name
        self.prefix = prefix
        self.poke_seconds = poke_seconds
        self.timeout_seconds = timeout_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """How Airflow makes it again in the triggerer."""
        names = ("source_name", "prefix", "poke_seconds", "timeout_seconds")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """One event: found, nothing came, or what a person has to mend."""
        ends = time.monotonic() + self.timeout_seconds
        servers: Servers | None = None
        while time.monotonic() < ends:
            await asyncio.sleep(min(self.poke_seconds, max(0.0, ends - time.monotonic())))
            try:
                # In a thread of its own: a look may take seconds, and the loop belongs to every other trigger.
                servers = servers or await sync_to_async(Servers.connected, thread_sensitive=False)()
                found = await sync_to_async(look, thread_sensitive=False)(self.source_name, self.prefix, servers)
            except TransientError as error:
                servers = None  # somebody may mend the connection meanwhile
                self.log.warning("%s; it is tried again in %.0f s", error, self.poke_seconds)
                continue
            except MediaindexError as error:
                yield self._event(failed=str(error), code=error.code.value)
                return
            if found:
                yield self._event(found=True)
                return
        yield self._event(found=False)

    def _event(self, **told: Any) -> TriggerEvent:
        return TriggerEvent({"prefix": self.prefix, **told})  # type: ignore[no-untyped-call]


class WaitForRecordings(BaseOperator):
    """Returns the prefix under which something new lies; skips where nothing comes.

    ``prefix`` may hold Jinja; a run without a logical date takes the moment it was asked for. Only a scheduled run of
    the present waits: where the interval is long over, or somebody asked by hand, one look says all.
    """

    # Rendered here and not by Airflow, which fails on dates that a run by hand does not have.
    template_fields: Sequence[str] = ()

    def __init__(
        self, *, source_name: str, prefix: str, poke_seconds: float, timeout_seconds: float, **options: Any
    ) -> None:
        super().__init__(**options)
        self.source_name = source_name
        self.prefix = prefix
        self.poke_seconds = poke_seconds
        self.timeout_seconds = timeout_seconds

    def execute(self, context: Any) -> str:
        """Look once here, then wait in the triggerer."""
        prefix = self._rendered(context)
        if look(self.source_name, prefix, Servers.connected()):
            return prefix
        if not _is_present(context, timedelta(seconds=self.timeout_seconds)):
            raise AirflowSkipException(f"nothing new under {prefix!r}")
        wait = timedelta(seconds=self.timeout_seconds)
        trigger = NewRecordingsTrigger(self.source_name, prefix, self.poke_seconds, self.timeout_seconds)
        self.defer(trigger=trigger, method_name="resume", timeout=wait + _GRACE)
        raise AssertionError("a deferred task does not come here")

    def resume(self, context: Any, event: dict[str, Any]) -> str:
        """After the wait."""
        prefix = str(event["prefix"])
        if "failed" in event:
            raise TerminalError(event["failed"], code=ErrorCode(event["code"]))
        if not event["found"]:
            raise AirflowSkipException(f"nothing new came under {prefix!r} in {self.timeout_seconds:.0f} s")
        return prefix

    def _rendered(self, context: Any) -> str:
        chosen = context["params"].get("prefix")
        if chosen is not None:
            return str(chosen)
        given = {name: value for name, value in context.items() if value is not None}
        return str(self.render_template(self.prefix, cast("Any", _dates(context) | given)))


def _dates(context: Any) -> dict[str, Any]:
    """What Airflow leaves out of a context without a logical date."""
    asked: datetime = context["dag_run"].run_after
    at = dict.fromkeys(("logical_date", "data_interval_start", "data_interval_end"), asked)
    day = asked.strftime("%Y-%m-%d")
    return at | {"ds": day, "ds_nodash": day.replace("-", ""), "ts": asked.isoformat()}


def _is_present(context: Any, longest_wait: timedelta) -> bool:
    run = context["dag_run"]
    end = run.data_interval_end
    if kind_of(run) != "scheduled" or end is None:
        return False
    return bool(datetime.now(end.tzinfo) - end < longest_wait)
