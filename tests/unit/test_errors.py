from __future__ import annotations

import json
import pickle
import re

import pytest

from mediaindex import errors
from mediaindex.errors import ConfigError, ErrorCode, FailureClass, MediaindexError


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_says_in_one_sentence_what_is_wrong_and_what_to_do(code: ErrorCode) -> None:
    assert re.fullmatch(r"[^;]+; [^;]+\.", code.meaning)
    assert not re.search(r"\.\s", code.meaning)


@pytest.mark.parametrize("code", ErrorCode)
def test_a_code_is_snake_case_and_found_by_its_value(code: ErrorCode) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", code.value)
    assert ErrorCode(code.value) is code


def test_every_class_of_errors_has_the_failure_class_of_its_own_code() -> None:
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, MediaindexError)]
    assert {kind: kind.code.failure_class for kind in kinds} == {kind: kind.failure_class for kind in kinds}


def test_an_error_survives_pickling_with_its_code() -> None:
    error = pickle.loads(pickle.dumps(ConfigError("s3://b: does not exist; check it", code=ErrorCode.NO_BUCKET)))  # noqa: S301
    assert (type(error), error.message, error.code) == (ConfigError, "s3://b: does not exist; check it", "no_bucket")
    assert error.code is ErrorCode.NO_BUCKET
    assert error.failure_class is FailureClass.TERMINAL


def test_codes_and_classes_are_text_in_json() -> None:
    assert json.dumps([ErrorCode.GONE, FailureClass.DOUBTFUL]) == '["gone", "doubtful"]'
