from __future__ import annotations

import os
import socket

from local import ports


def test_only_a_port_in_use_has_a_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"pid {os.getpid()}" in (ports.holder(port) or "")
    assert ports.holder(port) is None
