"""S3 policies: a process that decodes untrusted files can neither delete nor write media."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "docker" / "policies"


def actions(name: str, bucket: str = "") -> set[str]:
    policy = json.loads((FOLDER / f"{name}.json").read_text())
    statements = [part for part in policy["Statement"] if any(bucket in resource for resource in part["Resource"])]
    return {action for part in statements for action in part["Action"]}


@pytest.mark.parametrize("name", ["discovery", "speech", "podcasts"])
def test_only_retention_deletes(name: str) -> None:
    assert not [action for action in actions(name) if "Delete" in action]
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion"} <= actions("retention")


def test_speech_reads_media_and_writes_artifacts() -> None:
    assert "s3:PutObject" in actions("speech", "artifacts")
    assert "s3:PutObject" not in actions("speech", "media/")


def test_no_policy_has_a_wildcard_action() -> None:
    assert not [action for path in FOLDER.glob("*.json") for action in actions(path.stem) if "*" in action]
