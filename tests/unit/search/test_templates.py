from __future__ import annotations

from typing import Any

import pytest

from mediaindex.search.setup import template

# Supported by the local server, which has fewer modules than the official distribution, and by every cluster.
PORTABLE = {"text", "keyword", "double", "float", "integer", "long", "boolean", "date", "object"}


def types(properties: dict[str, Any]) -> set[str]:
    names = set()
    for field in properties.values():
        names |= {field.get("type", "object")} | types(field.get("properties", {})) | types(field.get("fields", {}))
    return names


@pytest.mark.parametrize("kind", ["turns", "recordings"])
def test_only_portable_field_types_are_used(kind: str) -> None:
    assert types(template(kind)["properties"]) <= PORTABLE


@pytest.mark.parametrize("kind", ["turns", "recordings"])
def test_unknown_fields_are_refused(kind: str) -> None:
    assert template(kind)["dynamic"] == "strict"
