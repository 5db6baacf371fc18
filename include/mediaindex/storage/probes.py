"""Small requests that show whether a bucket or a queue can be used."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .errors import aws_errors, s3_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


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
