from __future__ import annotations

from typing import Any

import pytest
from boto3.exceptions import RetriesExceededError as Boto3RetriesExceededError
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError, S3ValidationError

from mediaindex.errors import ConfigError, TerminalError, TransientError
from mediaindex.storage.errors import s3_errors


def answer(code: str, status: int | None = None) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "m"}}
    return ClientError(response | ({"ResponseMetadata": {"HTTPStatusCode": status}} if status else {}), "GetObject")


SLOW_DOWN: Any = answer("SlowDown")  # boto3 wraps any exception; its stubs allow only errors of its own


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (answer("NoSuchKey"), TerminalError, "gone"),
        (answer("404"), TransientError, "s3_error"),
        (answer("PreconditionFailed"), TerminalError, "changed"),
        (answer("InvalidObjectState"), TerminalError, "archived"),
        (answer("NoSuchBucket"), ConfigError, "no_bucket"),
        (answer("AccessDenied"), ConfigError, "s3_refused"),
        (answer("SlowDown"), TransientError, "s3_busy"),
        (answer("InternalError"), TransientError, "s3_busy"),
        (answer("ServiceUnavailable", 503), TransientError, "s3_busy"),
        (answer("SlowDown", 400), TransientError, "s3_busy"),
        (answer("KMS.DisabledException", 400), TransientError, "s3_error"),
        (answer("InvalidAccessKeyId"), ConfigError, "s3_credentials"),
        (answer("SignatureDoesNotMatch"), ConfigError, "s3_credentials"),
        (answer("ExpiredToken"), TransientError, "s3_token_expired"),
        (answer("RequestTimeTooSkewed"), TransientError, "s3_clock"),
        (NoCredentialsError(), ConfigError, "s3_credentials"),
        (ReadTimeoutError(endpoint_url="x"), TransientError, "s3_slow"),
        (RetriesExceededError(ReadTimeoutError(endpoint_url="x")), TransientError, "s3_slow"),
        (Boto3RetriesExceededError(SLOW_DOWN), TransientError, "s3_busy"),
        (
            RetriesExceededError(IncompleteReadError(actual_bytes=1, expected_bytes=2)),
            TransientError,
            "s3_unreachable",
        ),
        (S3DownloadFailedError("ETag"), TerminalError, "changed"),
        (S3ValidationError("range"), TransientError, "s3_unreachable"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), TransientError, "s3_unreachable"),
    ],
)
def test_each_failure_has_a_class_and_a_code(error: Exception, kind: type[Exception], code: str) -> None:
    with pytest.raises(kind, match="s3://b/k") as caught, s3_errors("s3://b/k"):
        raise error
    assert caught.value.code == code  # type: ignore[attr-defined]
