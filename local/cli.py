"""The command line of the local servers."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import time
from collections.abc import Sequence

from local import install, recognisers, settings, supervisor
from local.report import Progress, print_logs, print_status
from local.roster import select
from local.site import Site
from mediaindex.errors import MediaindexError


def main(arguments: Sequence[str]) -> int:
    """Run a command. Returns its exit code."""
    options = _parser().parse_args(arguments)
    progress = Progress()
    try:
        site = Site(settings.load(), progress.say)
        return int(options.run(site, options.names))
    except MediaindexError as error:
        print(f"\n{error.message}", file=sys.stderr)
        return 1
    except OSError as error:  # for example a folder without write permission, or a full disk
        print(f"\n{error.filename or 'mediaindex'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the servers that this command started have ended.", file=sys.stderr)
        return 130


def up(site: Site, names: Sequence[str]) -> int:
    """Start servers and wait until they are healthy."""
    code = start(site, names)
    if not names:
        print(recognisers.sentence(site))
    return code


def start(site: Site, names: Sequence[str]) -> int:
    """Start servers, without a word about recognisers. Returns 1 if one is not healthy."""
    began = time.monotonic()
    install.into_external(site)
    servers = select(site, names, with_needs=True)
    started = supervisor.up(site, servers)
    if started:
        print(f"Started {', '.join(started)} in {time.monotonic() - began:.1f} s.")
        return print_status(servers)
    print(f"All servers are already running (checked in {time.monotonic() - began:.1f} s).")
    return 0


def down(site: Site, names: Sequence[str]) -> int:
    """Stop servers and all processes that they started."""
    stopped = supervisor.down(site, select(site, names))
    print(f"Stopped {', '.join(stopped)}." if stopped else "No server was running.")
    return 0


def erase(site: Site, names: Sequence[str]) -> int:
    """Stop all servers and delete their data: databases, indexes, buckets, credentials."""
    down(site, ())
    for folder in (site.settings.data, site.settings.state):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def status(site: Site, names: Sequence[str]) -> int:
    """Show which servers run; exit code 1 if one does not."""
    return print_status(select(site, names))


def logs(site: Site, names: Sequence[str]) -> int:
    """Show the end of each log."""
    return print_logs(select(site, names))


def env(site: Site, names: Sequence[str]) -> int:
    """Print the environment as lines for ``eval``; they contain secrets."""
    for name, value in sorted(site.environment.items()):
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (up, down, status, logs, env, erase):
        entry = commands.add_parser(command.__name__, help=command.__doc__)
        entry.add_argument("names", nargs="*", metavar="SERVER", help="a server; all by default")
        entry.set_defaults(run=command)
    return parser
