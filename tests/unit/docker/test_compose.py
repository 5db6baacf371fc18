from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ONCE = {"airflow-init", "models", "search-users"}  # these end; all others keep running and need a health check


def variables(text: str) -> set[str]:
    """Names in ``${NAME}`` and ``${NAME:-default}``; a doubled dollar is a variable of the container."""
    return set(re.findall(r"(?<!\$)\$\{(\w+)", text))


def example(checkout: Path) -> dict[str, str]:
    lines = (checkout / "docker/.env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_has_exactly_the_variables_of_the_compose_file(checkout: Path) -> None:
    assert variables((checkout / "docker/compose.yaml").read_text()) | {"COMPOSE_PROFILES"} == set(example(checkout))


def test_secrets_have_no_default_anywhere(checkout: Path) -> None:
    text = (checkout / "docker/compose.yaml").read_text()
    secrets = {name for name in example(checkout) if re.search("PASSWORD|SECRET|ACCESS_KEY|FERNET", name)}
    assert len(secrets) == 11
    assert {name: example(checkout)[name] for name in secrets} == dict.fromkeys(secrets, "")
    assert set(re.findall(r"\$\{(\w+):\?", text)) == secrets


def test_no_container_has_or_gains_privileges_or_all_memory(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name


def test_services_of_mediaindex_are_no_superusers(checkout: Path) -> None:
    text = (checkout / "docker/compose.yaml").read_text()
    assert "//elastic:" not in text
    assert "//postgres:" not in text


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(published) == 5
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_every_running_service_has_a_health_check(compose: dict[str, Any]) -> None:
    assert {name for name, service in compose["services"].items() if "healthcheck" not in service} == ONCE


def test_services_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for needed, dependency in service.get("depends_on", {}).items():
            assert needed in compose["services"], name
            expected = "service_completed_successfully" if needed in ONCE else "service_healthy"
            assert dependency["condition"] == expected, name


def test_images_are_of_one_version_and_never_latest(compose: dict[str, Any], pins: dict[str, str]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert images["kibana"].partition(":")[2] == images["elasticsearch"].partition(":")[2]
    # The client supports servers of its own minor version and newer.
    assert images["elasticsearch"].split(":")[1].split(".")[:2] == pins["elasticsearch"].split(".")[:2]
    foreign = [image for name, image in images.items() if "build" not in compose["services"][name]]
    assert all(re.search(r":v?\d", image) for image in foreign)


def test_tasks_start_when_the_models_are_in_their_volume(compose: dict[str, Any]) -> None:
    models, scheduler = compose["services"]["models"], compose["services"]["scheduler"]
    assert models["entrypoint"][-2:] == ["models", "fetch"]
    assert models["volumes"] == scheduler["volumes"]
    assert "models" in scheduler["depends_on"]


def test_only_the_scheduler_and_the_models_have_the_speech_environment(compose: dict[str, Any]) -> None:
    targets = {name: service["build"]["target"] for name, service in compose["services"].items() if "build" in service}
    assert {name for name, target in targets.items() if target == "worker"} == {"models", "scheduler"}
    assert set(targets.values()) <= set(stages(Path(__file__).parents[3]))


def test_every_mounted_file_exists(checkout: Path, compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume
            path = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", source).partition(":")[0]
            assert (checkout / "docker" / path).exists() if "/" in path else path in compose["volumes"]


def test_the_example_names_the_defaults_of_the_compose_file(checkout: Path) -> None:
    text = (checkout / "docker/compose.yaml").read_text()
    given = example(checkout)
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", text))
    assert {name: given[name] for name in defaults} == defaults


def test_health_checks_start_no_airflow(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        test = " ".join(service.get("healthcheck", {}).get("test", []))
        assert not re.search(r"\b(airflow|python)\b", test), name


def test_parts_without_a_port_are_asked_about_by_their_name_in_airflows_answer(compose: dict[str, Any]) -> None:
    pytest.importorskip("airflow", reason="Airflow is in its own environment only")
    from airflow.api_fastapi.core_api.datamodels.monitor import HealthInfoResponse

    healthy = {"status": "healthy"}
    beats = {part: {**healthy, f"latest_{part}_heartbeat": "x"} for part in ("scheduler", "triggerer", "dag_processor")}
    answer = HealthInfoResponse.model_validate({"metadatabase": healthy, **beats}).model_dump_json()
    for service in ("dag-processor", "triggerer"):
        (pattern,) = re.findall(r"grep --quiet '(.*)'", " ".join(compose["services"][service]["healthcheck"]["test"]))
        assert pattern in answer
        assert pattern not in answer.replace('"status":"healthy"', '"status":"unhealthy"')


def test_the_address_of_s3_is_in_one_variable(checkout: Path, compose: dict[str, Any]) -> None:
    text = (checkout / "docker/compose.yaml").read_text()
    assert "http://s3:" not in re.sub(r"\$\{S3_ENDPOINT_URL:-[^}]*\}", "", text)
    assert compose["services"]["s3"]["profiles"] == ["s3"]
    needs = [service.get("depends_on", {}) for service in compose["services"].values()]
    assert [needed["s3"]["required"] for needed in needs if "s3" in needed] == [False]


def test_models_recognisers_and_queues_reach_the_tasks(compose: dict[str, Any]) -> None:
    environment = compose["services"]["scheduler"]["environment"]
    names = ("MODELS", "OFFLINE", "TRUSTED_MODELS", "RECOGNISERS", "DIARIZER", "EVENT_QUEUES")
    assert {f"MEDIAINDEX_{name}" for name in names} | {"AIRFLOW_CONN_MEDIAINDEX_SQS"} <= set(environment)
    folders = [volume.rsplit(":", 2)[1] for volume in compose["services"]["scheduler"]["volumes"] if ":ro" in volume]
    assert environment["MEDIAINDEX_MODELS"] in folders


def test_the_gpu_goes_to_the_service_with_the_speech_environment(checkout: Path, compose: dict[str, Any]) -> None:
    addition = yaml.safe_load((checkout / "docker/compose.gpu.yaml").read_text())
    assert set(addition) == {"services"}
    ((name, service),) = addition["services"].items()
    assert compose["services"][name]["build"]["target"] == "worker"
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])


def test_docker_compose_accepts_the_file(checkout: Path, tmp_path: Path) -> None:
    if shutil.which("docker") is None or subprocess.run(["docker", "compose", "version"], check=False).returncode:
        pytest.skip("docker compose is not installed")
    filled = tmp_path / "filled.env"
    filled.write_text("".join(f"{name}={value or 'x'}\n" for name, value in example(checkout).items()))
    command = ["docker", "compose", "--file", str(checkout / "docker/compose.yaml")]
    command += ["--env-file", str(filled), "config", "--quiet"]
    subprocess.run(command, check=True)


def stages(checkout: Path) -> list[str]:
    return re.findall(r"^FROM .* AS (\w+)$", (checkout / "docker/Dockerfile.airflow").read_text(), flags=re.MULTILINE)
