from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from local.environment import environment
from local.site import Site


def _with(site: Site, **variables: str) -> dict[str, str]:
    return environment(replace(site.settings, variables=variables), site.credentials)


def test_variables_of_another_project_are_not_inherited(site: Site) -> None:
    values = _with(site, AIRFLOW_HOME="/other", AWS_ACCESS_KEY_ID="theirs", AIRFLOW__API__PORT="1")
    assert values["AIRFLOW_HOME"] == str(site.settings.state / "airflow")
    assert values["AWS_ACCESS_KEY_ID"] == site.credentials.s3_access_key
    assert values["AIRFLOW__API__PORT"] == str(site.settings.ports["airflow"])


def test_variables_that_a_user_may_set_are_kept(site: Site) -> None:
    values = _with(site, MEDIAINDEX_MODELS="/models", MEDIAINDEX_SPEECH_PYTHON="/speech/python")
    assert (values["MEDIAINDEX_MODELS"], values["MEDIAINDEX_SPEECH_PYTHON"]) == ("/models", "/speech/python")


def test_passwords_may_contain_any_character(site: Site) -> None:
    credentials = replace(site.credentials, postgres_password="a/b@c:d %é")
    url = urlsplit(environment(site.settings, credentials)["MEDIAINDEX_DATABASE_URL"])
    assert unquote(url.password or "") == "a/b@c:d %é"
    assert url.hostname == "127.0.0.1"


def test_airflow_has_a_connection_to_s3(site: Site) -> None:
    values = _with(site)
    connection = json.loads(values["AIRFLOW_CONN_MEDIAINDEX_S3"])
    assert connection["extra"]["endpoint_url"] == values["MEDIAINDEX_S3_ENDPOINT_URL"]
    assert connection["password"] == values["AWS_SECRET_ACCESS_KEY"]


def test_the_users_s3_gets_the_users_keys(site: Site) -> None:
    variables = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "secret"}
    settings = replace(site.settings, external={"s3": "https://s3.example"}, variables=variables)
    values = environment(settings, site.credentials)
    assert json.loads(values["AIRFLOW_CONN_MEDIAINDEX_S3"])["login"] == "mine"
    assert "AWS_ACCESS_KEY_ID" not in values  # it is inherited


def test_tasks_and_users_use_the_same_port_of_airflow(site: Site) -> None:
    values = _with(site)
    assert values["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].startswith(values["AIRFLOW__API__BASE_URL"])
