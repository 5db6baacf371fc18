"""Whether S3 refuses one object alone, which concerns a recording, or everything, which concerns the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, TransientError

from .errors import s3_errors
from .objects import Located

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BESIDE = 10  # keys that are listed to find a neighbour


def judged(client: S3Client, source: Located, refused: ConfigError) -> MediaindexError:
    """``refused`` if another object nearby can be read; else TransientError ``s3_access``.

    A wrong policy or key that is corrected within hours must not leave valid recordings given up in the ledger.
    """
    try:
        with s3_errors(f"s3://{source.bucket}/{source.key}"):
            neighbour = _neighbour(client, source)
            if neighbour is not None:
                client.get_object(Bucket=source.bucket, Key=neighbour, Range="bytes=0-0")["Body"].close()
                return refused
    except TransientError as error:
        return error
    except MediaindexError:
        pass  # the neighbour is refused as well
    return TransientError(
        f"{refused.message}. Other objects nearby cannot be read either: correct the policy or the credentials; "
        "it is tried again for hours",
        code=ErrorCode.S3_ACCESS,
    )


def _neighbour(client: S3Client, source: Located) -> str | None:
    """The key of another object that is not empty, in the same folder if possible."""
    folder = source.key.rpartition("/")[0]
    for prefix in dict.fromkeys((f"{folder}/" if folder else "", "")):
        answer = client.list_objects_v2(Bucket=source.bucket, Prefix=prefix, MaxKeys=BESIDE)
        for entry in answer.get("Contents", []):
            if entry["Key"] != source.key and entry["Size"]:
                return entry["Key"]
    return None
