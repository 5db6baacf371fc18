from __future__ import annotations

import socket
import threading

from local.http import request


def test_an_answer_that_is_not_http_has_status_0() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def echo() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(connection.recv(4096))

        answering = threading.Thread(target=echo)
        answering.start()
        assert request(f"http://127.0.0.1:{server.getsockname()[1]}/_cluster/health") == (0, None)
        answering.join()


def test_a_free_port_has_status_0() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert request(f"http://127.0.0.1:{port}/") == (0, None)
