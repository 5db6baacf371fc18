"""A queue that announces uploads (SQS): taking its messages, and taking them away once they are dealt with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST = 10  # SQS gives and deletes no more at a time


@dataclass(frozen=True, slots=True)
class Message:
    """``receipt`` stands for having received it: whoever has it may delete it."""

    body: str
    receipt: str


def sqs_client(variables: Mapping[str, str], endpoint_url: str | None = None) -> SQSClient:
    """A client for ``endpoint_url``, else AWS. ``variables`` hold credentials and region; else as boto3 finds them."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 4})
    session = boto3.session.Session(
        aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=variables.get("AWS_SESSION_TOKEN"),
        region_name=variables.get("AWS_DEFAULT_REGION"),
    )
    region = session.region_name or ("us-east-1" if endpoint_url else None)
    return session.client("sqs", endpoint_url=endpoint_url, region_name=region, config=config)


def receive(client: SQSClient, queue_url: str, *, hidden_seconds: int) -> list[Message]:
    """What lies in the queue now, at most ten; hidden from others for so long, then there again unless deleted."""
    with aws_errors(f"queue {queue_url}"):
        answer = client.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=MOST, VisibilityTimeout=hidden_seconds, WaitTimeSeconds=0
        )
    return [Message(one.get("Body", ""), one.get("ReceiptHandle", "")) for one in answer.get("Messages", [])]


def delete(client: SQSClient, queue_url: str, messages: Sequence[Message]) -> None:
    """Take messages away. One whose receipt has run out stays and comes again, which does no harm."""
    for start in range(0, len(messages), MOST):
        some = messages[start : start + MOST]
        entries: list[Any] = [{"Id": str(n), "ReceiptHandle": one.receipt} for n, one in enumerate(some)]
        with aws_errors(f"queue {queue_url}"):
            client.delete_message_batch(QueueUrl=queue_url, Entries=entries)


def send(client: SQSClient, queue_url: str, body: str) -> None:
    """Put one message into the queue."""
    with aws_errors(f"queue {queue_url}"):
        client.send_message(QueueUrl=queue_url, MessageBody=body)
