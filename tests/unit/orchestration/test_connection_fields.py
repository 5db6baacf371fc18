"""Fields of connections are understood or refused, never passed over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mediaindex.catalog.base.connection import connect as open_catalog
from mediaindex.errors import ConfigError
from mediaindex.orchestration import connections
from mediaindex.search import connect


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://https%3A%2F%2Fes.example", "https://es.example:443"),
        ("http://https%3A%2F%2Fes.example%3A9243%2Fsearch%2F", "https://es.example:9243/search"),
        ("https://es.example", "https://es.example:443"),
        ("https://es.example/search", "https://es.example:443/search"),
        ("http://es.example", "http://es.example:9200"),
        (
            json.dumps({"conn_type": "elasticsearch", "host": "es.example", "schema": "https"}),
            "https://es.example:9200",
        ),
        (json.dumps({"conn_type": "elasticsearch", "host": "https://es.example"}), "https://es.example:443"),
        (json.dumps({"conn_type": "elasticsearch", "host": "[::1]", "port": 9201}), "http://[::1]:9201"),
    ],
)
def test_the_address_of_elasticsearch_may_be_written_in_each_usual_way(
    written: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH", written)
    assert connections.elasticsearch()["url"] == url
    assert connect(url)


def test_elasticsearch_may_have_a_login_instead_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH", "https://me:se%40cret@es.example:9243?verify_certs=0")
    expected = {"api_key": None, "ca_certs": None, "verify_certs": False}
    assert connections.elasticsearch() == {"url": "https://me:se%40cret@es.example:9243", **expected}


def test_elasticsearch_gets_key_and_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH", "https://es.example:9243?api_key=abc&ca_certs=%2Fetc%2Fca.pem"
    )
    expected = {"api_key": "abc", "ca_certs": "/etc/ca.pem", "verify_certs": True}
    assert connections.elasticsearch() == {"url": "https://es.example:9243", **expected}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"extra": {"apikey": "abc"}}, "unknown field 'apikey' in its extra; valid fields: api_key, ca_certs"),
        ({"extra": {"verify_certs": "perhaps"}}, "'verify_certs' in its extra is invalid"),
        ({"extra": {"api_key": "abc"}, "login": "me"}, "has a login and an api_key"),
        ({"schema": "search"}, "the schema 'search' is unknown"),
        ({"host": None}, "is not the name of a server"),
        ({"host": "https://es.example", "schema": "http"}, "disagree"),
        ({"host": "https://es.example:port"}, "is not a number"),
    ],
)
def test_fields_of_elasticsearch_that_are_not_understood_are_refused(
    fields: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = {"conn_type": "elasticsearch", "host": "es.example"} | fields
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_ELASTICSEARCH", json.dumps(written))
    with pytest.raises(ConfigError, match=message) as caught:
        connections.elasticsearch()
    assert connections.ELASTICSEARCH in caught.value.message
    assert "abc" not in caught.value.message


AWS = {"mediaindex_s3": connections.s3_environment, "mediaindex_sqs": connections.sqs_environment}
Aws = Callable[..., dict[str, str]]


@pytest.fixture(params=AWS)
def aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The environment that a connection of S3 or SQS with these fields gives; variables without their prefix."""

    def build(**fields: Any) -> dict[str, str]:
        monkeypatch.setenv(f"AIRFLOW_CONN_{request.param.upper()}", json.dumps({"conn_type": "aws", **fields}))
        service = request.param.removeprefix("mediaindex_").upper()
        return {name.replace(f"MEDIAINDEX_{service}_", ""): text for name, text in AWS[request.param]().items()}

    return build


def test_a_role_and_a_profile_reach_the_session(aws: Aws) -> None:
    role = {"role_arn": "arn:aws:iam::123456789012:role/m", "assume_role_kwargs": {"ExternalId": "x"}}
    extra = {"profile_name": "base", "verify": "/etc/ca.pem", "service_config": {"sts": {"endpoint_url": "http://s"}}}
    options = json.loads(aws(extra=role | extra)["SESSION"])
    assert options == role | {"profile_name": "base", "verify": "/etc/ca.pem", "sts_endpoint_url": "http://s"}


def test_the_endpoint_of_the_service_comes_before_the_one_of_all(aws: Aws) -> None:
    services = {"s3": {"endpoint_url": "http://own"}, "sqs": {"endpoint_url": "http://own"}, "emr": {"x": 1}}
    extra = {"endpoint_url": "http://all", "service_config": services}
    assert aws(extra=extra) == {"ENDPOINT_URL": "http://own"}
    assert aws(extra={"verify": "false"}) == {"SESSION": '{"verify": false}'}


def test_keys_may_be_in_the_extra(aws: Aws) -> None:
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "aws_session_token": "t"}
    assert aws(extra=keys) == {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"extra": {"rolearn": "x"}}, "unknown field 'rolearn' in its extra; valid fields: .*role_arn"),
        ({"extra": {"config_kwargs": {}}}, "unknown field 'config_kwargs'"),
        ({"extra": {"role_arn": "me"}}, "'role_arn' in its extra is invalid"),
        ({"extra": {"assume_role_method": "assume_role_with_saml"}}, "'assume_role_method' in its extra is invalid"),
        ({"extra": {"assume_role_kwargs": {"Externalid": "x"}}}, "unknown field 'assume_role_kwargs.Externalid'"),
        ({"extra": {"endpoint_url": "s3.example"}}, "'endpoint_url' in its extra is invalid"),
        ({"extra": {"service_config": {"sts": {"endpoint": "x"}}}}, "unknown field 'endpoint'"),
        (
            {"host": "s3.example", "port": 9000},
            "has a host and a port, which AWS connections do not use; .*endpoint_url",
        ),
    ],
)
def test_fields_of_aws_that_are_not_understood_are_refused(aws: Aws, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        aws(**fields)


def test_an_option_of_the_catalog_that_libpq_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", "postgresql://me:secret@127.0.0.1:1/c?cursor=dictcursor")
    with (
        pytest.raises(ConfigError, match="unknown option 'cursor'") as caught,
        open_catalog(connections.database_url()),
    ):
        pass
    assert "secret" not in caught.value.message


def test_a_catalog_without_a_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_MEDIAINDEX_POSTGRES", json.dumps({"conn_type": "postgres"}))
    with pytest.raises(ConfigError, match="has no host"):
        connections.database_url()
