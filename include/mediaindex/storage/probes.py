"""Small requests that show whether an object, a bucket or a queue can be used."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from mediaindex.errors import MediaindexError

from .client import s3_client
from .errors import aws_errors, s3_errors
from .looks import OF_SERVER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


class Reach(Enum):
    """What S3 answers, at the first try: a request for the object, at least one for its bucket, or none."""

    OBJECT = "object"
    BUCKET = "bucket"
    NOTHING = "nothing"


def reach(endpoint_url: str | None, bucket: str, key: str | None = None) -> Reach:
    """What S3 answers about this object, if there is a key, and this bucket. A refusal is an answer."""
    client = s3_client(endpoint_url, retries=False)
    if key is not None and _answered(bucket, key, lambda: _read_a_byte(client, bucket, key)):
        return Reach.OBJECT
    answered = _answered(bucket, "", lambda: client.list_objects_v2(Bucket=bucket, MaxKeys=1))
    return Reach.BUCKET if answered else Reach.NOTHING


def _read_a_byte(client: S3Client, bucket: str, key: str) -> None:
    client.get_object(Bucket=bucket, Key=key, Range="bytes=0-0")["Body"].close()


def _answered(bucket: str, key: str, request: Callable[[], object]) -> bool:
    try:
        with s3_errors(f"s3://{bucket}/{key}"):
            request()
    except MediaindexError as error:
        return error.code not in OF_SERVER
    return True


def writable(client: S3Client, bucket: str) -> str:
    """Write, read and delete a small object, in words. Raises MediaindexError if one of them is not possible."""
    key = f"probes/{uuid.uuid4()}"  # outside of the prefix of artifacts, which `verify` compares
    with s3_errors(f"s3://{bucket}/{key}"):
        client.put_object(Bucket=bucket, Key=key, Body=b"probe")
        client.get_object(Bucket=bucket, Key=key)["Body"].read()
        client.delete_object(Bucket=bucket, Key=key)
    return "can be written, read and deleted"


def listable(client: S3Client, bucket: str, prefix: str) -> str:
    """List and look at one object under the prefix, in words. Raises MediaindexError if that is not possible."""
    with s3_errors(f"s3://{bucket}/{prefix}"):
        answer = client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    entries = answer.get("Contents", [])
    if not entries:
        return "can be listed; it is empty"
    key = entries[0]["Key"]
    with s3_errors(f"s3://{bucket}/{key}"):
        client.head_object(Bucket=bucket, Key=key)
    return "can be listed and read"


def depth(client: SQSClient, queue_url: str) -> str:
    """The number of messages in the queue, in words. Raises MediaindexError if the queue cannot be used."""
    with aws_errors(f"queue {queue_url}"):
        answer = client.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"])
    return f"about {answer['Attributes']['ApproximateNumberOfMessages']} messages wait"
