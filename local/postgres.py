"""PostgreSQL from the system's package: a cluster in the data folder, with connections by TCP and password only."""

from __future__ import annotations

import contextlib
import shutil
import signal
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from local import install
from local.account import give, make_folder, write_private
from local.environment import AIRFLOW, CATALOG, HOST, postgres_url
from local.process import Launch, Running
from local.server import Server
from local.site import ServerError

ADMIN = "postgres"
LOCKS = Path("docker/catalog-locks.sql")
# The owner of the catalog creates databases for tests, and one of them fills tables without their triggers.
RIGHTS = {CATALOG: "createdb", AIRFLOW: ""}
FILL_TABLES = "session_replication_role"
GRANTS_ON_PARAMETERS = 150_000  # the first server version that has them


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
        """Create both databases with their owners, and migrate the catalog's schema."""
        connection = self._connect("postgres")
        connection.autocommit = True  # CREATE DATABASE cannot run in a transaction
        with contextlib.closing(connection), connection.cursor() as cursor:
            passwords = {
                CATALOG: self.site.credentials.postgres_password,
                AIRFLOW: self.site.credentials.airflow_database_password,
            }
            for name, password in passwords.items():
                _create(cursor, name, password, RIGHTS[name])
            _create_groups(cursor)
            if connection.server_version >= GRANTS_ON_PARAMETERS:
                cursor.execute(f'GRANT SET ON PARAMETER {FILL_TABLES} TO "{CATALOG}"')
        self._keep_strangers_from_locks()
        if self.name not in self.site.settings.external:  # else this server has only Airflow's metadata
            install.catalog(self.site)

    def _keep_strangers_from_locks(self) -> None:
        """Advisory locks of the catalog, whose numbers are public, are for those who may write."""
        connection = self._connect(CATALOG)
        with contextlib.closing(connection), connection, connection.cursor() as cursor:
            cursor.execute((self.site.settings.root / LOCKS).read_text("utf-8"))

    def _connect(self, database: str) -> Any:
        """Connect as superuser: a cluster of an earlier version knows only one, the catalog's owner."""
        settings, credentials = self.site.settings, self.site.credentials
        logins = ((ADMIN, credentials.postgres_admin_password), (CATALOG, credentials.postgres_password))
        errors = []
        for user, password in logins:
            try:
                return psycopg2.connect(postgres_url(settings, user, database, password), connect_timeout=2)
            except psycopg2.OperationalError as error:
                errors.append(error)
        raise errors[0]

    def _initdb(self, binaries: Path, data: Path) -> None:
        """Create the cluster in another folder and rename it, so that an interrupted initdb leaves no cluster."""
        account = self.site.settings.account
        beside, password = data.with_name("data.new"), data.with_name("password")
        shutil.rmtree(beside, ignore_errors=True)
        write_private(password, self.site.credentials.postgres_admin_password, account)
        try:
            argv = [str(binaries / "initdb"), "-D", str(beside), "-U", ADMIN, "--pwfile", str(password)]
            argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
            environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
            self.site.run(argv, what="initdb", environment=environment, folder=data.parent, account=account)
        finally:
            password.unlink()
        give(beside, account)
        beside.rename(data)


def _create(cursor: Any, name: str, password: str, rights: str) -> None:
    """Create the role and its database, unless they exist."""
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,))
    if cursor.rowcount == 0:
        cursor.execute(sql.SQL("CREATE ROLE {} LOGIN {}").format(sql.Identifier(name), sql.SQL(rights)))
    cursor.execute(sql.SQL("ALTER ROLE {} PASSWORD %s").format(sql.Identifier(name)), (password,))
    cursor.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", (name,))
    owner = cursor.fetchone()
    if owner is None:
        cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(name)))
    elif owner[0] != name:  # a cluster of an earlier version, in which the catalog's owner had both
        cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(owner[0]), sql.Identifier(name)))


def _create_groups(cursor: Any) -> None:
    """Create the roles to which migrations grant rights: that of programs, and that of analysts."""
    for name in ("mediaindex_writer", "mediaindex_reader"):
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,))
        if cursor.rowcount == 0:
            cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))


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
