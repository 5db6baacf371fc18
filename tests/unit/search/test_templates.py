from __future__ import annotations

from typing import Any

import pytest

from mediaindex.search.setup import template

# Works on the smallest server we run on (its modules are fewer than the official distribution's) and on every cluster.
PORTABLE = {"text", "keyword", "double", "float", "integer", "long", "boolean", "date", "object"}


def types(properties: dict[str, Any]) -> set[str]:
    found = set()
    for field in properties.values():
        found |= {field.get("type", "object")} | types(field.get("properties", {})) | types(field.get("fields", {}))
    return found


@pytest.mark.parametrize("kind", ["turns", "recordings"])
def test_only_portable_field_types_are_used(kind: str) -> None:
    assert types(template(kind)["properties"]) <= PORTABLE


@pytest.mark.parametrize("kind", ["turns", "recordings"])
def test_unknown_fields_are_refused(kind: str) -> None:
    assert template(kind)["dynamic"] == "strict"
