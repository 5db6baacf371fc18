from __future__ import annotations

import os
import socket

from local import ports


def test_a_taken_port_names_its_holder_and_a_free_one_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"pid {os.getpid()}" in (ports.holder(port) or "")
    assert ports.holder(port) is None
