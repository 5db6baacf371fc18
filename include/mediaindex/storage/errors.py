"""Translate boto3's errors: terminal if a retry cannot help, otherwise transient.

Three kinds of refusal need different actions: the credentials are wrong (ConfigError), they have expired (transient
until they are renewed), or access to this object is denied (ConfigError).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from boto3.exceptions import RetriesExceededError as Boto3RetriesExceededError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
    SSLError,
)
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError, S3ValidationError

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, TerminalError, TransientError

# Only these say that an object does not exist. A 404 without a code may also mean that the bucket does not exist, or
# that the endpoint is not an S3 server.
GONE = frozenset({"NoSuchKey", "NoSuchVersion"})
UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"  # OpenSSL's name
_NOT_S3 = frozenset({"404", "NotFound"})
_CHANGED = frozenset({"PreconditionFailed", "412"})
_WRONG = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthorizationHeaderMalformed", "PermanentRedirect"}
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"})
_BUSY = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "RequestLimitExceeded"})
_REFUSED = frozenset({"AccessDenied", "403", "Forbidden", "AllAccessDisabled", "AccountProblem"})


@contextmanager
def s3_errors(what: str) -> Iterator[None]:
    """Raise boto3's errors as MediaindexErrors; ``what`` names the object or bucket in the message."""
    try:
        yield
    except (
        ClientError, BotoCoreError, Boto3Error, RetriesExceededError, S3DownloadFailedError, S3ValidationError
    ) as error:  # fmt: skip
        raise _translated(what, error) from error


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """``s3_errors`` for other services. Raises ConfigError if a change of the configuration is needed."""
    try:
        yield
    except ClientError as error:
        code = answer_code(error)
        if code in _WRONG | _REFUSED or "NonExistentQueue" in code or "QueueDoesNotExist" in code:
            raise ConfigError(f"{what}: access refused ({code}); check its address, credentials and policy") from error
        raise TransientError(
            f"{what}: the server answered {code or 'an error'}: {error}; it is tried again", code=ErrorCode.AWS_BUSY
        ) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ConfigError(f"{what}: missing credentials; fill in the connection, or give the machine a role") from error
    except BotoCoreError as error:
        if isinstance(error, SSLError) and UNTRUSTED in str(error):
            raise _untrusted(what) from error
        raise TransientError(
            f"{what}: cannot be reached: {error}; it is tried again", code=ErrorCode.AWS_UNREACHABLE
        ) from error


def answer_code(error: ClientError) -> str:
    """The error code of the service."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _translated(what: str, error: BaseException) -> MediaindexError:
    error = _innermost(error)
    if isinstance(error, ClientError):
        return _of_answer(what, error)
    if isinstance(error, S3DownloadFailedError):
        return _changed(what)  # raised only if the ETag does not match
    return _without_answer(what, error)


def _without_answer(what: str, error: BaseException) -> MediaindexError:
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return ConfigError(
            f"{what}: missing S3 credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role",
            code=ErrorCode.S3_CREDENTIALS,
        )
    if isinstance(error, SSLError) and UNTRUSTED in str(error):
        return _untrusted(what)
    if isinstance(error, ParamValidationError):
        return ConfigError(f"{what}: invalid bucket name or key: {error}", code=ErrorCode.S3_NAME)
    if isinstance(error, ReadTimeoutError):
        return TransientError(
            f"{what}: S3 is too slow: {error}; it is tried again; if this persists, check S3 and the network",
            code=ErrorCode.S3_SLOW,
        )
    return TransientError(
        f"{what}: S3 cannot be reached or the connection broke: {error or type(error).__name__}; it is tried again; "
        "if this persists, check S3 and the network",
        code=ErrorCode.S3_UNREACHABLE,
    )


def _innermost(error: BaseException) -> BaseException:
    """The cause of an error: transfers wrap it in their own."""
    if isinstance(error, RetriesExceededError | Boto3RetriesExceededError):
        last: BaseException = error.last_exception  # type: ignore[union-attr]  # not in the stubs of boto3
        return last
    if isinstance(error, Boto3Error) and isinstance(error.__context__, ClientError | BotoCoreError):
        return error.__context__
    return error


def _of_answer(what: str, error: ClientError) -> MediaindexError:
    code = answer_code(error)
    if error.operation_name.startswith("AssumeRole"):
        return _not_assumed(what, code)
    if code in GONE:
        return TerminalError(f"{what}: the object no longer exists; it is not indexed", code=ErrorCode.GONE)
    if code == "NoSuchBucket":
        return ConfigError(
            f"{what}: the bucket does not exist; check the source's bucket and endpoint", code=ErrorCode.NO_BUCKET
        )
    if code in _CHANGED:
        return _changed(what)
    if code == "InvalidObjectState":
        return TerminalError(
            f"{what}: the object is in an archive storage class; restore it in S3, then requeue it",
            code=ErrorCode.ARCHIVED,
        )
    return _of_access(what, code) or _passing(what, code, error)


def _passing(what: str, code: str, error: ClientError) -> TransientError:
    if code in _NOT_S3:
        return TransientError(
            f"{what}: the server answered 404 and not why; check that the endpoint is that of an S3 server; "
            "it is tried again",
            code=ErrorCode.S3_ERROR,
        )
    # A client error (4xx) concerns this object alone and says nothing about S3 itself.
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    busy = status >= 500 or status == 429 or code in _BUSY
    return TransientError(
        f"{what}: S3 answered {code or 'an error'}: {error}; it is tried again",
        code=ErrorCode.S3_BUSY if busy else ErrorCode.S3_ERROR,
    )


def _of_access(what: str, code: str) -> MediaindexError | None:
    if code in _WRONG:
        return ConfigError(
            f"{what}: S3 rejected the credentials ({code}); check access key, secret, token and region of the "
            "connection",
            code=ErrorCode.S3_CREDENTIALS,
        )
    if code in _EXPIRED:
        return TransientError(
            f"{what}: the session token has expired ({code}); renew it in the connection; it is tried again",
            code=ErrorCode.S3_TOKEN_EXPIRED,
        )
    if code == "RequestTimeTooSkewed":
        return TransientError(f"{what}: this machine's clock is wrong ({code}); set it by NTP", code=ErrorCode.S3_CLOCK)
    if code in _REFUSED:
        return ConfigError(
            f"{what}: S3 refuses access ({code}); check credentials and policy", code=ErrorCode.S3_REFUSED
        )
    return None


def _not_assumed(what: str, code: str) -> ConfigError:
    return ConfigError(
        f"{what}: the role of the connection cannot be assumed ({code}); check role_arn, its trust policy, and the "
        "credentials that assume it",
        code=ErrorCode.S3_CREDENTIALS,
    )


def _untrusted(what: str) -> ConfigError:
    return ConfigError(
        f"{what}: the server's certificate is signed by an authority that is not trusted; set verify in the extra of "
        "the connection, or AWS_CA_BUNDLE, to a file with the authority's certificate",
        code=ErrorCode.UNTRUSTED_CERTIFICATE,
    )


def _changed(what: str) -> TerminalError:
    return TerminalError(
        f"{what}: the object was replaced after it was listed; the new version is claimed separately",
        code=ErrorCode.CHANGED,
    )
