"""A TCP proxy in front of a real server. A test cuts it immediately, or after a number of bytes."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

PIECE = 1 << 16
HOST = "127.0.0.1"


@dataclass
class Interruption:
    """An action after ``after`` bytes to the server (``upwards``) or from it."""

    after: int
    upwards: bool
    act: Callable[[], None] | None = None  # runs before the remaining bytes pass; None resets the connection


class TcpProxy:
    """Listens on the loopback port ``port`` inside a ``with`` block.

    ``passed``: bytes forwarded so far, from the server and to it.
    """

    def __init__(self, port: int, host: str = HOST) -> None:
        self._server = (host, port)
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._interruption: Interruption | None = None
        self._held = False
        self.port = 0
        self.passed = [0, 0]

    def __enter__(self) -> TcpProxy:
        self.restore()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cut()

    def interrupt(self, interruption: Interruption | None) -> None:
        """Count bytes from 0, and run the interruption once; None only counts."""
        with self._lock:
            self.passed, self._interruption = [0, 0], interruption

    def cut(self) -> None:
        """Reset all connections and refuse new ones, like a server that is down."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()

    def drop(self) -> None:
        """Reset all open connections; accept new ones."""
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _reset(end)

    def hold(self) -> None:
        """Discard all bytes from now on, but keep the connections open."""
        self._held = True

    def restore(self) -> None:
        """Listen again on the same port, like a server that is up again."""
        self._held = False
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, self.port))
        listener.listen(64)
        self.port, self._listener = listener.getsockname()[1], listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                server = socket.create_connection(self._server)
            except OSError:
                return
            with self._lock:
                self._ends |= {client, server}
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, (server, True))
            selector.register(server, selectors.EVENT_READ, (client, False))
            try:
                while all(
                    self._forward_piece(key.fileobj, *key.data)  # type: ignore[arg-type]
                    for key, _ in selector.select(0.2)
                ):
                    if client.fileno() < 0 or server.fileno() < 0:
                        return
            except (OSError, ValueError):
                pass
            finally:
                with self._lock:
                    self._ends -= {client, server}
                for end in (client, server):
                    _reset(end)

    def _forward_piece(self, source: socket.socket, sink: socket.socket, upwards: bool) -> bool:
        """Forward one piece; False if the connection ends."""
        data = source.recv(PIECE)
        if not data:
            return False
        if self._held:
            return True
        with self._lock:
            interruption = self._interruption
            before, self.passed[upwards] = self.passed[upwards], self.passed[upwards] + len(data)
            due = (
                interruption is not None and interruption.upwards == upwards and before + len(data) > interruption.after
            )
            if due:
                self._interruption = None
        if due and interruption is not None:
            sink.sendall(data[: max(0, interruption.after - before)])
            if interruption.act is None:
                return False
            interruption.act()
            data = data[max(0, interruption.after - before) :]
        sink.sendall(data)
        return True


def _reset(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.close()
    except OSError:
        pass
