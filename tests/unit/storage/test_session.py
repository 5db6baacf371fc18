"""Sessions with a role, a profile or a private authority, against a server of the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from mediaindex.errors import ConfigError, MediaindexError
from mediaindex.storage import client as module
from mediaindex.storage import looks, queue
from mediaindex.storage.client import s3_client
from mediaindex.storage.session import SessionOptions, open_session
from tests.builders.certificates import certificate

ROLE = "arn:aws:iam::123456789012:role/mediaindex"
ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
DENIED = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>m</Message></Error></ErrorResponse>"
HEADERS = {"ETag": '"e"', "Last-Modified": "Tue, 01 Jan 2030 00:00:00 GMT"}


class Aws(BaseHTTPRequestHandler):
    """STS, S3 and SQS as far as the tests need them; ``server.seen``: access key and body of each request."""

    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        self.note(body)
        if "AssumeRole" not in body:
            self.answer(200, "{}")
        elif self.server.denies:
            self.answer(403, DENIED)
        else:
            self.answer(200, ASSUMED.format(until=f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"))

    def do_HEAD(self) -> None:
        self.note("")
        self.answer(200, "x")

    def note(self, body: str) -> None:
        key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        self.server.seen.append((key, body))

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        for name, value in (HEADERS | {"Content-Length": str(len(text))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "BASE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    module._client.cache_clear()
    running: Any = ThreadingHTTPServer(("127.0.0.1", 0), Aws)
    running.seen, running.denies = [], False
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()
    module._client.cache_clear()


def address(server: Any) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def environment(monkeypatch: pytest.MonkeyPatch, server: Any, **options: Any) -> dict[str, str]:
    variables = {}
    for service in ("S3", "SQS"):
        variables[f"MEDIAINDEX_{service}_ENDPOINT_URL"] = address(server)
        variables[f"MEDIAINDEX_{service}_SESSION"] = json.dumps(options)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    return variables


def test_s3_and_sqs_use_the_role(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    role = {"role_arn": ROLE, "assume_role_kwargs": {"ExternalId": "x7"}, "sts_endpoint_url": address(server)}
    variables = environment(monkeypatch, server, **role)
    assert looks.look(s3_client(), "bucket", "a.wav")
    queue.receive(queue.sqs_client(variables, address(server)), f"{address(server)}/q", hidden_seconds=1)
    (base, asked), (s3, _), (again, _), (sqs, _) = server.seen
    assert (base, s3, again, sqs) == ("BASE", "ASSUMED", "BASE", "ASSUMED")
    assert "ExternalId=x7" in asked
    assert "role%2Fmediaindex" in asked
    assert parse_qs(asked)["RoleSessionName"] == ["mediaindex"]


def test_the_credentials_of_the_connection_come_before_those_of_the_environment(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the environment")
    own = {
        "AWS_ACCESS_KEY_ID": "OWN",
        "AWS_SECRET_ACCESS_KEY": "own secret",
        "AWS_SESSION_TOKEN": "own token",
        "AWS_DEFAULT_REGION": "xx-own-1",
    }
    session = open_session(own, SessionOptions())
    credentials = session.get_credentials()
    assert credentials
    assert tuple(credentials.get_frozen_credentials())[:3] == ("OWN", "own secret", "own token")
    assert session.region_name == "xx-own-1"


def test_a_role_that_cannot_be_assumed_concerns_every_object(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server.denies = True
    environment(monkeypatch, server, role_arn=ROLE, sts_endpoint_url=address(server))
    with pytest.raises(ConfigError, match="role of the connection cannot be assumed") as caught:
        looks.inspect(s3_client(), "bucket", "a.wav")
    assert caught.value.code == "s3_credentials"


def test_a_profile_comes_before_the_keys_of_the_environment(
    server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text("[base]\naws_access_key_id = PROFILE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    environment(monkeypatch, server, profile_name="base")
    looks.look(s3_client(), "bucket", "a.wav")
    assert server.seen == [("PROFILE", "")]
    environment(monkeypatch, server, profile_name="nobody")
    with pytest.raises(ConfigError, match="nobody"):
        s3_client()


def test_a_private_authority_is_named_or_trusted(server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    context, trusted = certificate("localhost", tmp_path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://localhost:{server.server_port}"
    with pytest.raises(MediaindexError, match="authority that is not trusted") as caught:
        looks.inspect(s3_client(url), "bucket", "a.wav")
    assert caught.value.code == "untrusted_certificate"
    with pytest.raises(MediaindexError, match="authority that is not trusted"):
        queue.receive(queue.sqs_client({}, url), f"{url}/q", hidden_seconds=1)
    for verify in (str(trusted), False):
        environment(monkeypatch, server, verify=verify)
        assert looks.look(s3_client(url), "bucket", "a.wav")
