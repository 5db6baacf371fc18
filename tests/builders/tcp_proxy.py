"""A wire to a real server that a test can cut: at once, or when so many bytes have passed."""

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
class Strike:
    """What happens once ``after`` bytes have passed, upwards to the server or down from it."""

    after: int
    upwards: bool
    act: Callable[[], None] | None = None  # None: the wire is cut; else what is to happen before the rest passes


class TcpProxy:
    """Listens on ``port`` of loopback while the block lasts; ``passed``: bytes so far, down and up."""

    def __init__(self, port: int, host: str = HOST) -> None:
        self._server = (host, port)
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._strike: Strike | None = None
        self._held = False
        self.port = 0
        self.passed = [0, 0]

    def __enter__(self) -> TcpProxy:
        self.restore()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cut()

    def strike(self, strike: Strike | None) -> None:
        """Count from here, and strike then; once."""
        with self._lock:
            self.passed, self._strike = [0, 0], strike

    def cut(self) -> None:
        """Nobody is there any more: connections are reset, new ones refused."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.drop()

    def drop(self) -> None:
        """Reset the connections that there are; new ones are taken."""
        with self._lock:
            ends, self._ends = self._ends, set()
        for end in ends:
            _reset(end)

    def hold(self) -> None:
        """What comes from now on goes nowhere; nobody is told."""
        self._held = True

    def restore(self) -> None:
        """The server is back, on the same port."""
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
                below, _ = listener.accept()
                above = socket.create_connection(self._server)
            except OSError:
                return
            with self._lock:
                self._ends |= {below, above}
            threading.Thread(target=self._pass_on, args=(below, above), daemon=True).start()

    def _pass_on(self, below: socket.socket, above: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(below, selectors.EVENT_READ, (above, True))
            selector.register(above, selectors.EVENT_READ, (below, False))
            try:
                while all(
                    self._one(key.fileobj, *key.data)  # type: ignore[arg-type]
                    for key, _ in selector.select(0.2)
                ):
                    if below.fileno() < 0 or above.fileno() < 0:
                        return
            except (OSError, ValueError):
                pass
            finally:
                with self._lock:
                    self._ends -= {below, above}
                for end in (below, above):
                    _reset(end)

    def _one(self, source: socket.socket, sink: socket.socket, upwards: bool) -> bool:
        """Pass a piece on; whether the connection lives."""
        data = source.recv(PIECE)
        if not data:
            return False
        if self._held:
            return True
        with self._lock:
            strike = self._strike
            before, self.passed[upwards] = self.passed[upwards], self.passed[upwards] + len(data)
            struck = strike is not None and strike.upwards == upwards and before + len(data) > strike.after
            if struck:
                self._strike = None
        if struck and strike is not None:
            sink.sendall(data[: max(0, strike.after - before)])
            if strike.act is None:
                return False
            strike.act()
            data = data[max(0, strike.after - before) :]
        sink.sendall(data)
        return True


def _reset(end: socket.socket) -> None:
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.close()
    except OSError:
        pass
