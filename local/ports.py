"""The process that listens on a port."""

from __future__ import annotations

import socket

import psutil


def holder(port: int, host: str = "127.0.0.1") -> str | None:
    """None if ``port`` is free, else a description of the process that listens on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return _describe(port)
    return None


def _describe(port: int) -> str:
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
            try:
                process = psutil.Process(connection.pid)
                return f"{process.name()} (pid {process.pid}, user {process.username()})"
            except psutil.NoSuchProcess:
                continue
    return "a process of another user"
