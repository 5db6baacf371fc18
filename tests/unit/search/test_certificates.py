"""A cluster whose certificate a private authority signed is trusted by its file, and the error says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from mediaindex.errors import ConfigError
from mediaindex.search.client import connect, translated
from tests.builders.certificates import certificate


class Cluster(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"took": 1}'
        self.send_response(200 if self.path == "/search/_cluster/health" else 500)
        for name, value in (
            ("Content-Type", "application/json"),
            ("X-Elastic-Product", "Elasticsearch"),
            ("Content-Length", str(len(body))),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address with a path, and the authority's certificate."""
    context, trusted = certificate("localhost", tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Cluster)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"https://localhost:{server.server_port}/search", trusted
    server.shutdown()
    server.server_close()


def test_an_unknown_authority_is_named_as_the_cause(cluster: tuple[str, Path]) -> None:
    client = connect(cluster[0])
    with pytest.raises(ConfigError, match="authority that is not trusted") as caught, translated(client):
        client.cluster.health()
    assert caught.value.code == "untrusted_certificate"


def test_its_file_makes_it_trusted(cluster: tuple[str, Path]) -> None:
    url, trusted = cluster
    assert connect(url, ca_certs=str(trusted)).cluster.health()
    assert connect(url, verify_certs=False).cluster.health()


@pytest.mark.parametrize(
    ("url", "file", "message"),
    [("http://a:9200", "/etc/hosts", "need https"), ("https://a:9200", "/no/such/file", "does not exist")],
)
def test_certificates_that_cannot_be_used_are_refused(url: str, file: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        connect(url, ca_certs=file)
