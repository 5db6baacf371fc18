"""PostgreSQL from the system's package: a cluster in the data folder, with connections by TCP and password only."""

from __future__ import annotations

import contextlib
import shutil
import signal
from pathlib import Path
from typing import Any

import psycopg2

from local import install
from local.account import give, make_folder, write_private
from local.environment import DATABASE_USER, HOST, database_url
from local.process import Launch, Running
from local.server import Server
from local.site import ServerError

DATABASES = ("mediaindex", "airflow")


class Postgres(Server):
    """One cluster with two databases: the catalog and Airflow's metadata."""

    name = "postgres"
    port_name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions instead of waiting for them

    def prepare(self) -> Launch:
        """Create the cluster at first use."""
        settings = self.site.settings
        folder = make_folder(settings.data / "postgres", settings.account)
        data = folder / "data"
        binaries = find_binaries(data)
        if not data.exists():
            self.site.say(self.name, "creating the database cluster")
            self._initdb(binaries, data)
        options = {
            "port": self.port,
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "log_line_prefix": "%m [%p] %d ",
        }
        flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        return Launch([str(binaries / "postgres"), "-D", str(data), *flags], environment, folder, settings.account)

    def healthy(self, running: Running) -> bool:
        """Whether it accepts a connection with the generated password."""
        with contextlib.suppress(psycopg2.OperationalError):
            self._connect("postgres").close()
            return True
        return False

    def ready(self) -> None:
        """Create both databases and migrate the catalog's schema."""
        connection = self._connect("postgres")
        connection.autocommit = True  # CREATE DATABASE cannot run in a transaction
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database")
            present = {row[0] for row in cursor.fetchall()}
            for database in DATABASES:
                if database not in present:
                    cursor.execute(f'CREATE DATABASE "{database}"')
        if self.name not in self.site.settings.external:  # else this server has only Airflow's metadata
            install.catalog(self.site)

    def _connect(self, database: str) -> Any:
        url = database_url(self.site.settings, self.site.credentials, database)
        return psycopg2.connect(url, connect_timeout=2)

    def _initdb(self, binaries: Path, data: Path) -> None:
        """Create the cluster in another folder and rename it, so that an interrupted initdb leaves no cluster."""
        account = self.site.settings.account
        beside, password = data.with_name("data.new"), data.with_name("password")
        shutil.rmtree(beside, ignore_errors=True)
        write_private(password, self.site.credentials.postgres_password, account)
        try:
            argv = [str(binaries / "initdb"), "-D", str(beside), "-U", DATABASE_USER, "--pwfile", str(password)]
            argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
            environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
            self.site.run(argv, what="initdb", environment=environment, folder=data.parent, account=account)
        finally:
            password.unlink()
        give(beside, account)
        beside.rename(data)


def find_binaries(data: Path) -> Path:
    """The folder of initdb and postgres, of the version that created ``data``, else of the newest.

    Raises ServerError if that version is not installed.
    """
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/pgsql").parent.glob("pgsql-*/bin")]
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    installed = {
        folder.parent.name.removeprefix("pgsql-"): folder for folder in folders if (folder / "initdb").exists()
    }
    if not installed:
        raise ServerError("PostgreSQL is not installed. Run `make setup`, or: apt-get install postgresql")
    version_file = data / "PG_VERSION"
    if not version_file.exists():
        newest = max(installed, key=lambda version: [int(part) for part in version.split(".") if part.isdecimal()])
        return installed[newest]
    version = version_file.read_text().strip()
    if version not in installed:
        raise ServerError(
            f"{data} was created by PostgreSQL {version}, but only {', '.join(sorted(installed))} is installed. "
            f"Install postgresql-{version}, or run `make clean` to start with empty servers."
        )
    return installed[version]
