"""The queue server keeps what it was given, and nobody elsewhere reaches it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import psutil

from local.announce import message
from mediaindex.storage.queue import delete, receive, send, sqs_client

if TYPE_CHECKING:
    from .conftest import Commands


def test_messages_outlive_a_restart_and_the_port_is_for_this_machine_only(local: Commands) -> None:
    started = local.run("up", "sqs")
    assert started.returncode == 0, started.stderr
    words = (shlex.split(line)[1].partition("=") for line in local.run("env").stdout.splitlines())
    variables = {name: value for name, _, value in words}
    client = sqs_client(variables, variables["MEDIAINDEX_SQS_ENDPOINT_URL"])
    queue = variables["MEDIAINDEX_EVENT_QUEUES"]
    sent = message("media", "a.wav")
    send(client, queue, sent)
    listening = {one.laddr.ip for one in psutil.net_connections("tcp") if one.laddr.port == local.port("sqs")}
    assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}

    assert local.run("down", "sqs").returncode == 0
    assert local.run("up", "sqs").returncode == 0
    (kept,) = receive(client, queue, hidden_seconds=60)
    assert kept.body == sent
    delete(client, queue, [kept])
    assert receive(client, queue, hidden_seconds=60) == []
