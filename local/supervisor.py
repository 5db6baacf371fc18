"""Start servers, each once the servers it needs are healthy, and stop them.

A server that fails, or is late, does not stop the others. An interrupted start stops what it started.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from local.locks import lock
from local.server import Server
from local.site import ServerError, Site


def up(site: Site, servers: Sequence[Server]) -> list[str]:
    """Start servers that are not running, and return their names.

    Raises ServerError, after all others have started, for those that failed; KeyboardInterrupt after stopping the
    servers started here.
    """
    with lock(site.settings.state / "lock", site.check):
        ran_before = {server.name for server in servers if server.running()}
        try:
            with _stop_signals_interrupt():
                ends = _start_all(site, servers)
        except BaseException:
            site.cancel.set()
            with _stop_signals_ignored():
                _stop_all([server for server in servers if server.name not in ran_before])
            raise
    errors = {name: error for name, end in ends.items() if (error := end.exception())}
    if errors:
        raise ServerError(_report(errors, [server.name for server in servers if server.name not in errors]))
    return [name for name, end in ends.items() if end.result()]


def _report(errors: Mapping[str, BaseException], others: Sequence[str]) -> str:
    """Why servers are missing, which others wait for them, and which run."""
    waiting = {name: str(error) for name, error in errors.items() if isinstance(error, NeedError)}
    lines = [str(error) for name, error in errors.items() if name not in waiting]
    lines += [f"Not started, for {needed} is missing: {name}." for name, needed in waiting.items()]
    if others:
        lines.append(f"Running: {', '.join(others)}.")
    return "\n".join(lines)


class NeedError(Exception):
    """A server was not started, because the named one, which it needs, was not."""


def down(site: Site, servers: Sequence[Server]) -> list[str]:
    """Stop servers, those that need others first, and return the names of those that were running."""
    with lock(site.settings.state / "lock", site.check):
        return _stop_all(servers)


def _start_all(site: Site, servers: Sequence[Server]) -> dict[str, Future[bool]]:
    """Start all servers. Returns for each whether it was started here, or its error."""
    ends: dict[str, Future[bool]] = {server.name: Future() for server in servers}

    def bring_up(server: Server) -> bool:
        for need in server.needs:
            if need in ends and ends[need].exception():
                raise NeedError(need)
        return server.up()

    def run(server: Server) -> None:
        try:
            started = bring_up(server)
            if started:
                site.say(server.name, "ready")
            ends[server.name].set_result(started)
        except BaseException as error:  # passed to the threads that wait for this server
            ends[server.name].set_exception(error)

    with ThreadPoolExecutor(max_workers=len(servers)) as pool:
        for server in servers:
            pool.submit(run, server)
        try:
            wait(ends.values())
        except BaseException:
            site.cancel.set()  # the threads notice within a second, and the pool waits for them
            raise
    return ends


def _stop_all(servers: Sequence[Server]) -> list[str]:
    """Stop servers in waves: each after the servers that need it."""
    left, stopped = list(servers), []
    with ThreadPoolExecutor(max_workers=max(1, len(left))) as pool:
        while left:
            needed = {need for server in left for need in server.needs}
            wave = [server for server in left if server.name not in needed]
            if not wave:
                raise ServerError(f"Servers need each other in a cycle: {[server.name for server in left]}")
            stopped += [server.name for server, ran in zip(wave, pool.map(Server.down, wave), strict=True) if ran]
            left = [server for server in left if server not in wave]
    return stopped


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _stop_signals_interrupt() -> AbstractContextManager[None]:
    """Let SIGTERM and SIGHUP interrupt a start as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    return _handled(interrupt)


def _stop_signals_ignored() -> AbstractContextManager[None]:
    """Ignore stop signals: a second Ctrl-C must not interrupt the stop of the servers."""
    return _handled(signal.SIG_IGN)
