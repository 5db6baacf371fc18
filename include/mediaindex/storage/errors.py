"""S3's many ways of failing, as ours: what cannot get better is terminal, the rest may be tried again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)
from s3transfer.exceptions import S3DownloadFailedError

from mediaindex.errors import ConfigError, MediaindexError, TerminalError, TransientError

GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound"})
_CHANGED = frozenset({"PreconditionFailed", "412"})
_CREDENTIALS = frozenset(
    {"AccessDenied", "403", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled"}
)


@contextmanager
def s3_errors(what: str) -> Iterator[None]:
    """Raise errors of the block as ours; ``what`` names the object or bucket in the message."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(what, error) from error
    except S3DownloadFailedError as error:
        raise _changed(what) from error  # raised for one reason only: the ETag did not match
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ConfigError(
            f"{what}: no S3 credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role",
            code="s3_credentials",
        ) from error
    except ParamValidationError as error:
        raise ConfigError(f"{what}: not a name S3 accepts: {error}", code="s3_name") from error
    except (BotoCoreError, Boto3Error) as error:
        if isinstance(error.__context__, ClientError):  # uploads hide the answer in an error of their own
            raise _of_answer(what, error.__context__) from error
        raise TransientError(f"{what}: S3 cannot be reached: {error}", code="s3_unreachable") from error


@contextmanager
def aws_errors(what: str) -> Iterator[None]:
    """``s3_errors`` for other services: what cannot get better without a person is a ConfigError."""
    try:
        yield
    except ClientError as error:
        code = answer_code(error)
        if code in _CREDENTIALS or "NonExistentQueue" in code or "QueueDoesNotExist" in code:
            raise ConfigError(f"{what}: refused ({code}); check its address, credentials and policy") from error
        raise TransientError(f"{what}: answers {code or 'an error'}: {error}", code="aws_busy") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ConfigError(f"{what}: no credentials; fill in the connection, or give the machine a role") from error
    except BotoCoreError as error:
        raise TransientError(f"{what}: cannot be reached: {error}", code="aws_unreachable") from error


def answer_code(error: ClientError) -> str:
    """S3's own name of the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(what: str, error: ClientError) -> MediaindexError:
    code = answer_code(error)
    if code in GONE:
        return TerminalError(f"{what}: the object is no longer there; nothing can be indexed", code="gone")
    if code == "NoSuchBucket":
        return ConfigError(f"{what}: there is no such bucket; check the source's bucket and endpoint", code="no_bucket")
    if code in _CHANGED:
        return _changed(what)
    if code == "InvalidObjectState":
        return TerminalError(
            f"{what}: lies in an archive storage class; restore it in S3, then put it back into the queue",
            code="archived",
        )
    if code in _CREDENTIALS:
        return ConfigError(f"{what}: S3 refuses access ({code}); check credentials and policy", code="s3_refused")
    return TransientError(f"{what}: S3 answers {code or 'an error'}: {error}", code="s3_busy")


def _changed(what: str) -> TerminalError:
    return TerminalError(
        f"{what}: was replaced since it was listed; the new version is claimed by itself", code="changed"
    )
