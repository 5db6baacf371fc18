"""Ports for servers that a test starts a while after it has chosen them."""

from __future__ import annotations

import random
import socket

# From 32768 on Linux gives ports to outgoing connections: one of those may be taken again before the server binds it.
# Below 20000 are the usual ports of servers.
OURS = range(20_000, 32_768)


def free_port() -> int:
    """A free port of loopback."""
    while True:
        port = random.choice(OURS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
