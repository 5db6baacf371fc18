"""The local servers start, work, keep running and stop without leaving processes."""

from __future__ import annotations

import os
import shlex
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import psutil
import psycopg2
import pytest
from botocore.exceptions import ClientError

from tests.builders.waiting import until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Commands


def test_up_starts_servers_once_and_down_leaves_no_process(local: Commands) -> None:
    started = local.run("up", "postgres", "s3")
    assert started.returncode == 0, started.stderr
    pids = _pids(local)

    variables = _exported(local)
    with psycopg2.connect(variables["MEDIAINDEX_DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT version FROM schema_migration")
        assert cursor.fetchall()
    s3 = _client(variables, variables["AWS_SECRET_ACCESS_KEY"])
    s3.put_object(Bucket=variables["MEDIAINDEX_MEDIA_BUCKET"], Key="a b/ü?.wav", Body=b"sound")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        _client(variables, "wrong").list_buckets()

    again = local.run("up", "postgres", "s3")
    assert "All servers are already running" in again.stdout
    assert _pids(local) == pids

    assert local.run("down").returncode == 0
    assert not [pid for pid in pids.values() if psutil.pid_exists(pid)]
    assert local.survivors() == []
    assert not _listens(local.port("postgres"))

    assert local.run("up", "s3").returncode == 0  # objects are kept
    answer = s3.get_object(Bucket=variables["MEDIAINDEX_MEDIA_BUCKET"], Key="a b/ü?.wav")
    assert answer["Body"].read() == b"sound"


def test_a_port_in_use_is_reported_with_its_process_and_does_not_stop_others(local: Commands) -> None:
    with socket.create_server(("127.0.0.1", local.port("s3"))):
        failed = local.run("up", "postgres", "s3")
    assert failed.returncode == 1
    assert f"s3 needs port {local.port('s3')}, but" in failed.stderr
    assert f"pid {os.getpid()}" in failed.stderr
    assert "MEDIAINDEX_PORT_S3" in failed.stderr
    assert "Running: postgres." in failed.stderr
    assert "Traceback" not in failed.stderr
    assert _listens(local.port("postgres"))
    assert local.run("up", "postgres", "s3").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_start_leaves_no_process(local: Commands, number: signal.Signals) -> None:
    starting = local.start("up", "postgres", "elasticsearch")
    _wait_for(local.state / "run" / "elasticsearch.pid")
    starting.send_signal(number)
    _, errors = starting.communicate(timeout=300)
    assert starting.returncode == 130
    assert "Traceback" not in errors
    assert local.survivors() == []
    assert not _listens(local.port("postgres"))


def test_down_stops_servers_of_a_start_that_was_killed(local: Commands) -> None:
    starting = local.start("up", "elasticsearch")
    _wait_for(local.state / "run" / "elasticsearch.pid")
    starting.kill()
    starting.communicate()
    assert local.survivors()
    assert local.run("down").returncode == 0
    assert local.survivors() == []


def test_up_restarts_a_server_that_was_killed(local: Commands) -> None:
    assert local.run("up", "s3").returncode == 0
    psutil.Process(_pids(local)["s3"]).kill()
    assert local.run("status", "s3").returncode == 1
    assert local.run("up", "s3").returncode == 0
    assert local.run("status", "s3").returncode == 0


def test_servers_listen_on_loopback_only(local: Commands) -> None:
    assert local.run("up", "postgres", "s3").returncode == 0
    ports = (local.port("s3"), local.port("postgres"))
    listening = [tuple(c.laddr) for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
    addresses = {str(address).removeprefix("::ffff:") for address, port in listening if port in ports}
    assert addresses == {"127.0.0.1"}


def test_secrets_are_not_in_logs_or_on_command_lines(local: Commands) -> None:
    assert local.run("up", "postgres", "s3").returncode == 0
    variables = _exported(local)
    password = variables["MEDIAINDEX_DATABASE_URL"].partition("@")[0].rpartition(":")[2]
    seen = "".join(path.read_text(errors="replace") for path in (local.state / "logs").glob("*.log"))
    seen += "".join(" ".join(psutil.Process(pid).cmdline()) for pid in _pids(local).values())
    assert seen
    assert password not in seen
    assert variables["AWS_SECRET_ACCESS_KEY"] not in seen


def _exported(local: Commands) -> dict[str, str]:
    lines = local.run("env").stdout.splitlines()
    words = (shlex.split(line)[1].partition("=") for line in lines)
    return {name: value for name, _, value in words}


def _client(variables: dict[str, str], secret: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=variables["MEDIAINDEX_S3_ENDPOINT_URL"],
        region_name=variables["AWS_DEFAULT_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=secret,
    )


def _pids(local: Commands) -> dict[str, int]:
    from local.process import load

    files = (local.state / "run").glob("*.pid")
    return {path.stem: running.pid for path in files if (running := load(path))}


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_for(path: Path) -> None:
    until(path.exists, 300, f"the start writes {path.name}")
