"""The queue server keeps messages, and listens on the loopback address only."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import psutil

from local.announce import message
from mediaindex.storage.queue import delete, receive, send, sqs_client

if TYPE_CHECKING:
    from .conftest import Commands


def test_messages_survive_a_restart_and_the_port_is_on_loopback_only(local: Commands) -> None:
    started = local.run("up", "sqs")
    assert started.returncode == 0, started.stderr
    words = (shlex.split(line)[1].partition("=") for line in local.run("env").stdout.splitlines())
    variables = {name: value for name, _, value in words}
    client = sqs_client(variables, variables["MEDIAINDEX_SQS_ENDPOINT_URL"])
    queue = variables["MEDIAINDEX_EVENT_QUEUES"]
    sent = message("media", "a.wav")
    send(client, queue, sent)
    addresses = [connection.laddr for connection in psutil.net_connections("tcp") if connection.laddr]
    listening = {address.ip for address in addresses if address.port == local.port("sqs")}
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}

    assert local.run("down", "sqs").returncode == 0
    assert local.run("up", "sqs").returncode == 0
    (kept,) = receive(client, queue, hidden_seconds=60)
    assert kept.body == sent
    delete(client, queue, [kept])
    assert receive(client, queue, hidden_seconds=60) == []
