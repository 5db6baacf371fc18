"""Receive, delete and send messages of an SQS queue that announces uploads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mediaindex.settings import ServerSettings

from .errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MOST = 10  # messages per request; the limit of SQS


@dataclass(frozen=True, slots=True)
class Message:
    """``receipt`` is the receipt handle, which is needed to delete the message."""

    body: str
    receipt: str


def sqs_client(variables: Mapping[str, str], endpoint_url: str | None = None) -> SQSClient:
    """A client for ``endpoint_url``, else AWS. Credentials, region and role come from ``variables``, else from boto3.

    It belongs to the connection of the queues alone: make it before the variables of S3 are set in the process.
    """
    from botocore.config import Config

    from .session import SessionOptions, open_session

    config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 4})
    options = SessionOptions.read(ServerSettings.read(variables).sqs_session)
    session = open_session(variables, options)
    region = session.region_name or ("us-east-1" if endpoint_url else None)
    return session.client("sqs", endpoint_url=endpoint_url, region_name=region, config=config, **options.trust)


def receive(client: SQSClient, queue_url: str, *, hidden_seconds: int) -> list[Message]:
    """At most ten messages, hidden from other receivers for ``hidden_seconds``; they return unless deleted."""
    with aws_errors(f"queue {queue_url}"):
        answer = client.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=MOST, VisibilityTimeout=hidden_seconds, WaitTimeSeconds=0
        )
    return [Message(entry.get("Body", ""), entry.get("ReceiptHandle", "")) for entry in answer.get("Messages", [])]


def delete(client: SQSClient, queue_url: str, messages: Sequence[Message]) -> None:
    """Delete messages. A message with an expired receipt stays and is received again, which is harmless."""
    for start in range(0, len(messages), MOST):
        page = messages[start : start + MOST]
        entries: list[Any] = [{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(page)]
        with aws_errors(f"queue {queue_url}"):
            client.delete_message_batch(QueueUrl=queue_url, Entries=entries)


def send(client: SQSClient, queue_url: str, body: str) -> None:
    """Send one message to the queue."""
    with aws_errors(f"queue {queue_url}"):
        client.send_message(QueueUrl=queue_url, MessageBody=body)
