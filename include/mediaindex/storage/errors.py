"""S3's many ways of failing, as ours: what cannot get better is terminal, the rest may be tried again.

Three kinds of refusal are told apart, for what is to be done about them: the credentials are wrong (a ConfigError for
whoever asks), they have run out (transient: somebody renews them), or this is not for us to read.
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
)
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError, S3ValidationError

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, TerminalError, TransientError

GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})
_CHANGED = frozenset({"PreconditionFailed", "412"})
_WRONG = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "AuthorizationHeaderMalformed", "PermanentRedirect"}
)
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"})
_BUSY = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException", "RequestLimitExceeded"})
_REFUSED = frozenset({"AccessDenied", "403", "Forbidden", "AllAccessDisabled", "AccountProblem"})


@contextmanager
def s3_errors(what: str) -> Iterator[None]:
    """Raise errors of the block as ours; ``what`` names the object or bucket in the message."""
    try:
        yield
    except (
        ClientError, BotoCoreError, Boto3Error, RetriesExceededError, S3DownloadFailedError, S3ValidationError
    ) as error:  # fmt: skip
        raise _ours(what, error) from error


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """``s3_errors`` for other services: what cannot get better without a person is a ConfigError."""
    try:
        yield
    except ClientError as error:
        code = answer_code(error)
        if code in _WRONG | _REFUSED or "NonExistentQueue" in code or "QueueDoesNotExist" in code:
            raise ConfigError(f"{what}: refused ({code}); check its address, credentials and policy") from error
        raise TransientError(f"{what}: answers {code or 'an error'}: {error}", code=ErrorCode.AWS_BUSY) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ConfigError(f"{what}: no credentials; fill in the connection, or give the machine a role") from error
    except BotoCoreError as error:
        raise TransientError(f"{what}: cannot be reached: {error}", code=ErrorCode.AWS_UNREACHABLE) from error


def answer_code(error: ClientError) -> str:
    """S3's own name of the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _ours(what: str, error: BaseException) -> MediaindexError:
    error = _innermost(error)
    if isinstance(error, ClientError):
        return _of_answer(what, error)
    if isinstance(error, S3DownloadFailedError):
        return _changed(what)  # raised for one reason only: the ETag did not match
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return ConfigError(
            f"{what}: no S3 credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role",
            code=ErrorCode.S3_CREDENTIALS,
        )
    if isinstance(error, ParamValidationError):
        return ConfigError(f"{what}: not a name S3 accepts: {error}", code=ErrorCode.S3_NAME)
    if isinstance(error, ReadTimeoutError):
        return TransientError(
            f"{what}: S3 sends too slowly: {error}; it is tried again: look at S3 and the network to it",
            code=ErrorCode.S3_SLOW,
        )
    return TransientError(
        f"{what}: S3 cannot be reached, or breaks off: {error or type(error).__name__}; it is tried again: look at S3 "
        "and the network to it",
        code=ErrorCode.S3_UNREACHABLE,
    )


def _innermost(error: BaseException) -> BaseException:
    """Transfers hide what happened in errors of their own."""
    if isinstance(error, RetriesExceededError | Boto3RetriesExceededError):
        last: BaseException | None = getattr(error, "last_exception", None)
        return last or error
    if isinstance(error, Boto3Error) and isinstance(error.__context__, ClientError | BotoCoreError):
        return error.__context__
    return error


def _of_answer(what: str, error: ClientError) -> MediaindexError:
    code = answer_code(error)
    if code in GONE:
        return TerminalError(f"{what}: the object is no longer there; nothing can be indexed", code=ErrorCode.GONE)
    if code == "NoSuchBucket":
        return ConfigError(
            f"{what}: there is no such bucket; check the source's bucket and endpoint", code=ErrorCode.NO_BUCKET
        )
    if code in _CHANGED:
        return _changed(what)
    if code == "InvalidObjectState":
        return TerminalError(
            f"{what}: lies in an archive storage class; restore it in S3, then put it back into the queue",
            code=ErrorCode.ARCHIVED,
        )
    # What S3 calls the caller's fault is this object's trouble, and says nothing of S3 itself.
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))
    busy = status >= 500 or status == 429 or code in _BUSY
    return _of_access(what, code) or TransientError(
        f"{what}: S3 answers {code or 'an error'}: {error}; it is tried again",
        code=ErrorCode.S3_BUSY if busy else ErrorCode.S3_ERROR,
    )


def _of_access(what: str, code: str) -> MediaindexError | None:
    if code in _WRONG:
        return ConfigError(
            f"{what}: S3 does not accept our credentials ({code}); check access key, secret, token and region of the "
            "connection",
            code=ErrorCode.S3_CREDENTIALS,
        )
    if code in _EXPIRED:
        return TransientError(
            f"{what}: our session token has expired ({code}); renew it in the connection, it is tried again",
            code=ErrorCode.S3_TOKEN_EXPIRED,
        )
    if code == "RequestTimeTooSkewed":
        return TransientError(f"{what}: this machine's clock is wrong ({code}); set it by NTP", code=ErrorCode.S3_CLOCK)
    if code in _REFUSED:
        return ConfigError(
            f"{what}: S3 refuses access ({code}); check credentials and policy", code=ErrorCode.S3_REFUSED
        )
    return None


def _changed(what: str) -> TerminalError:
    return TerminalError(
        f"{what}: was replaced since it was listed; the new version is claimed by itself", code=ErrorCode.CHANGED
    )
