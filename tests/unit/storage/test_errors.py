from __future__ import annotations

from typing import Any

import pytest
from boto3.exceptions import RetriesExceededError as Boto3RetriesExceededError
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError, S3ValidationError

from mediaindex.errors import ConfigError, TerminalError, TransientError
from mediaindex.storage.errors import aws_errors, s3_errors


def answer(code: str, status: int | None = None) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "m"}}
    return ClientError(response | ({"ResponseMetadata": {"HTTPStatusCode": status}} if status else {}), "GetObject")


# As AWS and other servers say it.
WRONG = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidToken",
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
]
EXPIRED = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"]
BUSY = ["SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "RequestLimitExceeded"]
REFUSED = ["AccessDenied", "403", "Forbidden", "AllAccessDisabled", "AccountProblem"]
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
        (answer("KMS.DisabledException", 400), TransientError, "s3_error"),
        (answer("TooManyRequests", 429), TransientError, "s3_busy"),
        (answer("NotFound"), TransientError, "s3_error"),
        (answer("NoSuchVersion"), TerminalError, "gone"),
        (answer("412"), TerminalError, "changed"),
        *((answer(code, 400), ConfigError, "s3_credentials") for code in WRONG),
        *((answer(code, 400), TransientError, "s3_token_expired") for code in EXPIRED),
        *((answer(code, 400), TransientError, "s3_busy") for code in BUSY),
        *((answer(code, 400), ConfigError, "s3_refused") for code in REFUSED),
        (answer("RequestTimeTooSkewed"), TransientError, "s3_clock"),
        (NoCredentialsError(), ConfigError, "s3_credentials"),
        (PartialCredentialsError(provider="env", cred_var="x"), ConfigError, "s3_credentials"),
        (ParamValidationError(report="Bucket"), ConfigError, "s3_name"),
        (
            SSLError(endpoint_url="https://a", error=OSError("CERTIFICATE_VERIFY_FAILED")),
            ConfigError,
            "untrusted_certificate",
        ),
        (SSLError(endpoint_url="https://a", error=OSError("handshake failure")), TransientError, "s3_unreachable"),
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


UNTRUSTED = SSLError(endpoint_url="https://a", error=OSError("CERTIFICATE_VERIFY_FAILED"))


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        *((answer(code), ConfigError, "config") for code in (*WRONG, *REFUSED)),
        (answer("AWS.SimpleQueueService.NonExistentQueue"), ConfigError, "config"),
        (answer("QueueDoesNotExist"), ConfigError, "config"),
        (answer("ServiceUnavailable", 503), TransientError, "aws_busy"),
        (NoCredentialsError(), ConfigError, "config"),
        (PartialCredentialsError(provider="env", cred_var="x"), ConfigError, "config"),
        (UNTRUSTED, ConfigError, "untrusted_certificate"),
        (SSLError(endpoint_url="https://a", error=OSError("handshake failure")), TransientError, "aws_unreachable"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), TransientError, "aws_unreachable"),
    ],
)
def test_failures_of_other_services_have_a_class_and_a_code(error: Exception, kind: type[Exception], code: str) -> None:
    with pytest.raises(kind, match="queue q") as caught, aws_errors("queue q"):
        raise error
    assert caught.value.code == code  # type: ignore[attr-defined]
