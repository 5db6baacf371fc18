"""Connect to Elasticsearch and translate its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from elasticsearch import ApiError, ConflictError, Elasticsearch, TransportError

from mediaindex.errors import ConfigError, ErrorCode, TerminalError, TransientError
from mediaindex.settings import ServerSettings

REQUEST_TIMEOUT = 30.0  # seconds
RETRIES = 3
# Busy, restarting, or write-blocked during a rebuild: the same request may succeed in a minute.
TRANSIENT_STATUS = frozenset({408, 429, 502, 503, 504})
TRANSIENT_BLOCKS = ("cluster_block_exception",)


def connect(
    url: str, api_key: str | None = None, *, ca_certs: str | None = None, verify_certs: bool = True
) -> Elasticsearch:
    """A client for ``url`` (``http(s)://[user:password@]host[:port][/path]``); it connects at its first request.

    ``ca_certs``: a file with certificates of a private authority. Raises ConfigError if the URL is malformed or the
    file does not exist.
    """
    try:
        valid = urlsplit(url).scheme in {"http", "https"} and urlsplit(url).hostname and urlsplit(url).port != 0
    except ValueError:  # the port is not a number
        valid = False
    if not valid:
        raise ConfigError(
            "The Elasticsearch URL is malformed: it must look like http://localhost:9200. "
            "Correct MEDIAINDEX_ELASTICSEARCH_URL or the Airflow connection mediaindex_elasticsearch."
        )
    return Elasticsearch(
        url,
        api_key=api_key or None,
        request_timeout=REQUEST_TIMEOUT,
        max_retries=RETRIES,
        retry_on_timeout=True,
        **_trust(url, ca_certs, verify_certs),
    )


def _trust(url: str, ca_certs: str | None, verify_certs: bool) -> dict[str, Any]:
    if not ca_certs and verify_certs:
        return {}
    if not url.startswith("https:"):
        raise ConfigError("Elasticsearch: ca_certs and verify_certs need https; write the address with https://")
    if not verify_certs:
        return {"verify_certs": False, "ssl_show_warn": False}
    if not Path(str(ca_certs)).is_file():
        raise ConfigError(f"Elasticsearch: the file {ca_certs} does not exist; correct ca_certs")
    return {"ca_certs": ca_certs}


def from_environment() -> Elasticsearch:
    """A client for MEDIAINDEX_ELASTICSEARCH_URL. Raises ConfigError if it is not set."""
    remedy = "Set it, for example to http://localhost:9200, or start local servers with `make up`."
    url = ServerSettings.need("elasticsearch_url", remedy)
    settings = ServerSettings.read()
    key, ca_certs = settings.elasticsearch_api_key, settings.elasticsearch_ca_certs
    return connect(
        url,
        key.get_secret_value() if key else None,
        ca_certs=str(ca_certs) if ca_certs else None,
        verify_certs=settings.elasticsearch_verify_certs,
    )


def address(client: Elasticsearch) -> str:
    """The URLs that the client uses, without credentials."""
    return ", ".join(node.base_url for node in client.transport.node_pool.all())


@contextmanager
def translated(client: Elasticsearch) -> Iterator[None]:
    """Raise the client's exceptions as MediaindexErrors, except ConflictError, which the caller handles."""
    try:
        yield
    except ConflictError:
        raise
    except ApiError as error:
        raise api_error(error, address(client)) from error
    except TransportError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise ConfigError(
                f"Elasticsearch at {address(client)}: its certificate is signed by an authority that is not trusted. "
                "Set ca_certs in the extra of the Airflow connection mediaindex_elasticsearch, or "
                f"{ServerSettings.variable('elasticsearch_ca_certs')}, to a file with the authority's certificate.",
                code=ErrorCode.UNTRUSTED_CERTIFICATE,
            ) from error
        raise TransientError(
            f"Elasticsearch at {address(client)} does not answer ({type(error).__name__}). "
            "Check that it runs and that the URL is correct; nothing is lost, it is tried again.",
            code=ErrorCode.SEARCH_UNAVAILABLE,
        ) from error


def api_error(error: ApiError, where: str) -> ConfigError | TerminalError | TransientError:
    """The MediaindexError for an error response of the server; ``where`` is its address."""
    reason = _reason(error)
    if is_transient(error.status_code, error.message):
        return TransientError(f"Elasticsearch at {where} is busy: {reason}.", code=ErrorCode.SEARCH_UNAVAILABLE)
    if error.status_code in {401, 403}:
        return ConfigError(
            f"Elasticsearch at {where} refuses access ({error.status_code}: {reason}). "
            f"Check the user and password in the URL, or MEDIAINDEX_ELASTICSEARCH_API_KEY."
        )
    if error.status_code == 404:
        return ConfigError(
            f"Elasticsearch at {where} has no mediaindex indexes ({reason}). Publish a recording first, or create the "
            "indexes with mediaindex.search.prepare.",
            code=ErrorCode.SEARCH_NOT_PREPARED,
        )
    return TerminalError(f"Elasticsearch at {where} refused a request ({reason}).", code=ErrorCode.SEARCH_REFUSED)


def is_transient(status: int, reason: str) -> bool:
    """Whether the same request may succeed later."""
    return status in TRANSIENT_STATUS or reason in TRANSIENT_BLOCKS


def _reason(error: ApiError) -> str:
    """Type and reason of an error response."""
    details = error.body.get("error") if isinstance(error.body, dict) else None
    reason = details.get("reason") if isinstance(details, dict) else None
    return f"{error.message}: {reason:.500}" if isinstance(reason, str) else str(error.message)
