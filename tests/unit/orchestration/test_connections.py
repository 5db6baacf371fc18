from __future__ import annotations

import json

import pytest

from mediaindex.errors import ConfigError
from mediaindex.orchestration import connections


@pytest.fixture(autouse=True)
def _no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (connections.POSTGRES, connections.ELASTICSEARCH, connections.S3):
        monkeypatch.delenv(f"AIRFLOW_CONN_{name.upper()}", raising=False)
    monkeypatch.delenv("MEDIAINDEX_ARTIFACTS_BUCKET", raising=False)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@db.example:5433/catalog",
        "postgresql://me:p%40ss%2Fword@db.example:5432/catalog",
        "postgresql://me:secret@db.example:5432/catalog?sslmode=require",
        "postgresql://me:secret@db.example:5432/catalog?sslmode=require&connect_timeout=5",
        "postgresql://me@db.example:5432/catalog",
    ],
)
def test_a_postgres_url_is_unchanged(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", url)
    assert connections.database_url() == url


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://es.example:9200", "http://es.example:9200"),
        ("https://me:secret@es.example:9243", "https://me:secret@es.example:9243"),
        (
            json.dumps({"conn_type": "elasticsearch", "host": "es.example", "port": 9200, "schema": "https"}),
            "https://es.example:9200",
        ),
    ],
    ids=["http", "https-with-login", "elasticsearch-type"],
)
def test_elasticsearch_accepts_http_and_elasticsearch_connections(
    written: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH", written)
    assert connections.elasticsearch_url() == url


def test_s3_gives_credentials_region_and_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = {"endpoint_url": "http://s3.example:9000", "region_name": "eu-central-1"}
    written = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_S3", json.dumps(written))
    assert connections.s3_environment() == {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "MEDIAINDEX_S3_ENDPOINT_URL": "http://s3.example:9000",
    }


def test_without_a_login_no_credentials_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_S3", json.dumps({"conn_type": "aws"}))
    assert connections.s3_environment() == {}


def test_a_missing_bucket_is_named() -> None:
    with pytest.raises(ConfigError, match="MEDIAINDEX_ARTIFACTS_BUCKET"):
        connections.artifacts_bucket()
