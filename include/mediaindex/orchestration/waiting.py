"""Wait until a source's prefix has new objects: objects that the ledger does not have yet.

Airflow's S3KeySensor is satisfied by any matching object, however old, reads a prefix as a pattern, and does not return
what it found.
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
from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, TerminalError, TransientError

from . import connections


def kind_of(run: Any) -> str:
    """The type of a run, such as ``scheduled``; a template would render ``DagRunType.SCHEDULED``."""
    return str(getattr(run.run_type, "value", run.run_type))


_GRACE = timedelta(minutes=2)  # for the triggerer to start, before Airflow itself ends the wait


@dataclass(frozen=True, slots=True, repr=False)  # both hold secrets
class Servers:
    """URL of the catalog and AWS variables of S3, from Airflow's connections."""

    catalog: str
    s3: Mapping[str, str]

    @classmethod
    def connected(cls) -> Servers:
        """Read the connections. In the triggerer each secret costs a round of queries to its supervisor."""
        return cls(connections.database_url(), connections.s3_environment())


def look(source_name: str, prefix: str, servers: Servers, between: tuple[datetime, datetime] | None = None) -> bool:
    """Whether the prefix has work for a run. Reads S3 and the catalog, and changes nothing."""
    from mediaindex.catalog.base.connection import connect
    from mediaindex.storage.client import s3_client

    from .discovery import is_something_new

    source = sources.load(sources.path_from_environment()).source(source_name)
    # Not from this process's environment, which all triggers of the triggerer share.
    client = s3_client(variables=servers.s3)
    with connect(servers.catalog) as conn:
        return is_something_new(conn, client, source, prefix, between)


def forget_clients() -> None:
    """Make new S3 clients from now on: credentials of a profile are read once per client."""
    from mediaindex.storage.client import forget

    forget()


def is_folder_due(source_name: str, prefix: str, servers: Servers) -> bool:
    """Whether a run that found nothing under its own prefix has to list folders of earlier intervals."""
    from mediaindex.catalog.base.connection import connect

    from . import discovery

    source = sources.load(sources.path_from_environment()).source(source_name)
    with connect(servers.catalog) as conn:
        return discovery.is_folder_due(conn, source, prefix)


def follows(context: Any) -> bool:
    """Whether a run also lists earlier folders that are due: all but backfills, and listings of a prefix by hand."""
    return kind_of(context["dag_run"]) != "backfill" and context["params"].get("prefix") is None


def days_of_backfill(context: Any, source: sources.Source) -> tuple[datetime, datetime] | None:
    """The interval of a backfill's run whose prefix has no date: it takes only what was last modified in it.

    None for other runs. ``mediaindex plan`` counts by the same rule.
    """
    run = context["dag_run"]
    if kind_of(run) != "backfill" or source.literal_prefix != source.prefix or context["params"].get("prefix"):
        return None
    borders = run.data_interval_start, run.data_interval_end
    return None if None in borders else borders


class NewRecordingsTrigger(BaseTrigger):
    """Looks every ``poke_seconds``; fires once, when it finds new objects or after ``timeout_seconds``."""

    def __init__(self, source_name: str, prefix: str, poke_seconds: float, timeout_seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.source_name = source_name
        self.prefix = prefix
        self.poke_seconds = poke_seconds
        self.timeout_seconds = timeout_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, from which the triggerer creates it."""
        names = ("source_name", "prefix", "poke_seconds", "timeout_seconds")
        return f"{__name__}.{type(self).__name__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event: new objects, no new objects, or an error that needs a fix."""
        ends = time.monotonic() + self.timeout_seconds
        servers: Servers | None = None
        invalid = 0
        while time.monotonic() < ends:
            await asyncio.sleep(min(self.poke_seconds, max(0.0, ends - time.monotonic())))
            try:
                # In a thread: a look may take seconds, and all triggers share the event loop.
                servers = servers or await sync_to_async(Servers.connected, thread_sensitive=False)()
                found = await sync_to_async(look, thread_sensitive=False)(self.source_name, self.prefix, servers)
            except TransientError as error:
                servers = None  # the connection, or the file of its profile, may be changed meanwhile
                await sync_to_async(forget_clients, thread_sensitive=False)()
                self.log.warning("%s; next attempt in %.0f s", error, self.poke_seconds)
                continue
            except MediaindexError as error:
                servers = None
                await sync_to_async(forget_clients, thread_sensitive=False)()
                invalid += 1
                if isinstance(error, ConfigError) and invalid == 1:  # the sources file may just be being written
                    self.log.warning("%s; looking once more in %.0f s", error, self.poke_seconds)
                    continue
                yield self._event(failed=str(error), code=error.code.value)
                return
            invalid = 0
            if found:
                yield self._event(found=True)
                return
        yield self._event(found=False)

    def _event(self, **fields: Any) -> TriggerEvent:
        return TriggerEvent({"prefix": self.prefix, **fields})  # type: ignore[no-untyped-call]


class WaitForRecordings(BaseOperator):
    """Returns the prefix once it has new objects; skips if none come.

    ``prefix`` may be a Jinja template; a run without a logical date uses its ``run_after``. Only a scheduled run of the
    present waits; a manual run, and one whose interval ended long ago, looks once.
    """

    # Rendered here and not by Airflow, which fails on dates that a manual run does not have.
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
        prefix, servers = self._rendered(context), Servers.connected()
        source = sources.load(sources.path_from_environment()).source(self.source_name)
        if look(self.source_name, prefix, servers, days_of_backfill(context, source)):
            return prefix
        if not _is_present(context, timedelta(seconds=self.timeout_seconds)):
            if follows(context) and is_folder_due(self.source_name, prefix, servers):
                return prefix
            raise AirflowSkipException(f"nothing new under {prefix!r}")
        wait = timedelta(seconds=self.timeout_seconds)
        trigger = NewRecordingsTrigger(self.source_name, prefix, self.poke_seconds, self.timeout_seconds)
        self.defer(trigger=trigger, method_name="resume", timeout=wait + _GRACE)
        raise AssertionError("defer() always raises")

    def resume(self, context: Any, event: dict[str, Any]) -> str:
        """Continue after the wait."""
        prefix = str(event["prefix"])
        if "failed" in event:
            raise TerminalError(event["failed"], code=ErrorCode(event["code"]))
        if not event["found"] and not is_folder_due(self.source_name, prefix, Servers.connected()):
            raise AirflowSkipException(f"nothing new under {prefix!r} within {self.timeout_seconds:.0f} s")
        return prefix

    def _rendered(self, context: Any) -> str:
        chosen = context["params"].get("prefix")
        if chosen is not None:
            return str(chosen)
        values = {name: value for name, value in context.items() if value is not None}
        return str(self.render_template(self.prefix, cast("Any", _dates(context) | values)))


def _dates(context: Any) -> dict[str, Any]:
    """The dates that Airflow omits from the context of a run without a logical date."""
    moment: datetime = context["dag_run"].run_after
    at = dict.fromkeys(("logical_date", "data_interval_start", "data_interval_end"), moment)
    day = moment.strftime("%Y-%m-%d")
    return at | {"ds": day, "ds_nodash": day.replace("-", ""), "ts": moment.isoformat()}


def _is_present(context: Any, longest_wait: timedelta) -> bool:
    run = context["dag_run"]
    end = run.data_interval_end
    if kind_of(run) != "scheduled" or end is None:
        return False
    return bool(datetime.now(end.tzinfo) - end < longest_wait)
