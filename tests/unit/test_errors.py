from __future__ import annotations

import json
import pickle
import re

import pytest

from mediaindex import errors
from mediaindex.errors import ConfigError, ErrorCode, FailureClass, MediaindexError


@pytest.mark.parametrize("code", ErrorCode)
def test_the_meaning_of_a_code_is_one_sentence_with_fault_and_remedy(code: ErrorCode) -> None:
    assert re.fullmatch(r"[^;]+; [^;]+\.", code.meaning)
    assert not re.search(r"\.\s", code.meaning)


@pytest.mark.parametrize("code", ErrorCode)
def test_a_code_is_snake_case_and_found_by_its_value(code: ErrorCode) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", code.value)
    assert ErrorCode(code.value) is code


def test_the_failure_class_of_an_error_is_that_of_its_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, MediaindexError)]
    assert {kind: kind.code.failure_class for kind in kinds} == {kind: kind.failure_class for kind in kinds}


def test_an_error_keeps_its_code_when_it_is_pickled() -> None:
    error = pickle.loads(pickle.dumps(ConfigError("s3://b: does not exist; check it", code=ErrorCode.NO_BUCKET)))  # noqa: S301
    assert (type(error), error.message, error.code) == (ConfigError, "s3://b: does not exist; check it", "no_bucket")
    assert error.code is ErrorCode.NO_BUCKET
    assert error.failure_class is FailureClass.TERMINAL


def test_codes_and_classes_are_text_in_json() -> None:
    assert json.dumps([ErrorCode.GONE, FailureClass.DOUBTFUL]) == '["gone", "doubtful"]'
