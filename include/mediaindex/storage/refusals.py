"""Whether S3 refuses one object alone, or everything there: the one is about a recording, the other about us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mediaindex.errors import ConfigError, ErrorCode, MediaindexError, TransientError

from .errors import s3_errors
from .objects import Located

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BESIDE = 10  # keys that are looked at for a neighbour


def judged(client: S3Client, one: Located, refused: ConfigError) -> MediaindexError:
    """The refusal itself where something beside the object can be read; else TransientError ``s3_access``.

    A policy or key that is mended within hours must not leave a ledger full of good recordings given up.
    """
    try:
        with s3_errors(f"s3://{one.bucket}/{one.key}"):
            beside = _neighbour(client, one)
            if beside is not None:
                client.get_object(Bucket=one.bucket, Key=beside, Range="bytes=0-0")["Body"].close()
                return refused
    except TransientError as error:
        return error
    except MediaindexError:
        pass  # refused as well
    return TransientError(
        f"{refused.message}. Nothing beside it can be read either, so it is not about this object: mend the policy or "
        "the credentials; it is tried again for hours",
        code=ErrorCode.S3_ACCESS,
    )


def _neighbour(client: S3Client, one: Located) -> str | None:
    folder = one.key.rpartition("/")[0]
    for prefix in dict.fromkeys((f"{folder}/" if folder else "", "")):
        found = client.list_objects_v2(Bucket=one.bucket, Prefix=prefix, MaxKeys=BESIDE)
        for entry in found.get("Contents", []):
            if entry["Key"] != one.key and entry["Size"]:
                return entry["Key"]
    return None
