from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path

import pytest

from mediaindex.contract import states
from mediaindex.contract.states import (
    Decision,
    DoubtReason,
    EpisodeState,
    ErasureCause,
    ItemStatus,
    Lane,
    ObjectState,
    PublicationKind,
    ReasonCode,
    ReviewAction,
    ReviewKind,
    SeenBy,
    StateReason,
    TopicKind,
)
from mediaindex.errors import FailureClass

SQL = Path(__file__).parents[3] / "sql"
MIGRATIONS = "\n".join(path.read_text("utf-8") for path in sorted(SQL.glob("*.sql")))
QUERIES = "\n".join(path.read_text("utf-8") for path in sorted((SQL / "queries").glob("*.sql")))


def inserted(table: str) -> list[str]:
    """The first column of the rows that the migrations insert into the table."""
    statement = rf"insert into {table} \(name, description\) values(.*?\));$"
    (rows,) = re.findall(statement, MIGRATIONS, re.DOTALL | re.MULTILINE)
    return re.findall(r"^\s*\('(\w+)'", rows, re.MULTILINE)


def named(sql: str, pattern: str) -> set[str]:
    """All quoted names in the matches of the pattern."""
    return {name for part in re.findall(pattern, sql) for name in re.findall(r"'(\w+)'", part)}


@pytest.mark.parametrize(("table", "names"), [("media_state", ObjectState), ("failure_class", FailureClass)])
def test_name_tables_have_the_members_of_the_enum(table: str, names: type[StrEnum]) -> None:
    assert inserted(table) == list(names)


@pytest.mark.parametrize(
    ("column", "names"),
    [
        ("lane", [Lane]),
        ("decision", [Decision]),
        ("status", [ItemStatus]),
        ("action", [ReviewAction]),
        ("first_seen_by", [SeenBy]),
        ("cause", [ErasureCause]),
        ("state", [EpisodeState]),
        ("error_kind", [FailureClass]),
        ("kind", [TopicKind, ReviewKind, PublicationKind]),
    ],
)
def test_check_constraints_have_the_members_of_the_enums(column: str, names: list[type[StrEnum]]) -> None:
    allowed = re.findall(rf"check \({column} in \(([^)]*)\)\)", MIGRATIONS)
    constraints = [set(re.findall(r"'(\w+)'", values)) for values in allowed]
    assert constraints[-len(names) :] == [set(enum) for enum in names]


def test_transitions_in_the_database_are_between_known_states() -> None:
    (rows,) = re.findall(r"insert into media_transition \(from_state, to_state\) values(.*?);", MIGRATIONS, re.DOTALL)
    assert set(re.findall(r"'(\w+)'", rows)) == set(ObjectState)


def test_queries_compare_existing_states() -> None:
    states_named = named(QUERIES, r"\b(?:[a-z]+\.)?(?:to_)?state\s*(?:=|<>|(?:not )?in)\s*(\([^)]*\)|'\w+')")
    assert states_named <= {*ObjectState, *EpisodeState}


def test_queries_and_triggers_write_existing_reasons() -> None:
    pattern = r"\breason_code(?:,\s*'')?\)?\s*(?:=|:=|in)\s*(\([^)]*\)|'\w+'|case.*?end)"
    assert named(QUERIES + MIGRATIONS, pattern) == {
        *(StateReason.ERASED, StateReason.EXPIRED, StateReason.PROMOTED),
        *(StateReason.MEDIA_EXPIRED, StateReason.REVIEW_ASSESSMENT, "request"),
    }


@pytest.mark.parametrize("name", [*StateReason, *ReasonCode])
def test_every_reason_has_a_sentence(name: StateReason | ReasonCode) -> None:
    assert re.fullmatch(r"[A-Z].+[^.]\.", name.meaning)
    assert re.fullmatch(r"[a-z_]+", name.value)


def test_every_kind_of_review_and_doubt_has_a_reason() -> None:
    assert {StateReason.of_review(kind) for kind in ReviewKind} == {"review_triage", "review_assessment"}
    assert [ReasonCode.of_doubt(reason).value for reason in DoubtReason] == [
        f"doubtful_{doubt}" for doubt in DoubtReason
    ]


def test_all_names_are_strings_in_json() -> None:
    kinds = [kind for kind in vars(states).values() if isinstance(kind, type) and issubclass(kind, StrEnum)]
    names = [name for kind in kinds for name in kind]
    assert json.loads(json.dumps(names)) == [name.value for name in names]
