from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mediaindex.catalog.base import storable

ANYTHING = st.recursive(
    st.none() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(st.text(st.characters()))
def test_text_can_be_stored(value: str) -> None:
    clean = storable.text(value)
    assert "\x00" not in clean
    assert clean.encode("utf-8").decode("utf-8") == clean


@given(ANYTHING)
def test_a_document_is_json_without_nul(value: object) -> None:
    written = json.dumps(storable.document(value).adapted, allow_nan=False)
    assert "\\u0000" not in written.replace("\\\\", "")


def test_plain_text_does_not_change() -> None:
    assert storable.text("Grüße 🎧") == "Grüße 🎧"


def test_a_message_of_megabytes_is_cut() -> None:
    cut = storable.message("x" * 5_000_000)
    assert cut is not None
    assert (len(cut), cut[-1]) == (storable.MESSAGE_LENGTH, "…")
