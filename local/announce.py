"""Announce an upload on the queue, because the local S3 server does not send event notifications.

On AWS the bucket does this; here the uploading code calls ``announce``. The message has S3's format, version 2.1.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from local.environment import REGION
from local.site import Site
from mediaindex.storage.queue import send, sqs_client


def message(bucket: str, key: str, *, event: str = "ObjectCreated:Put", size: int = 0, etag: str = "") -> str:
    """A notification as S3 sends it to a queue."""
    now = datetime.now(UTC)
    entity: dict[str, Any] = {"key": quote_plus(key, safe="/"), "sequencer": f"{int(now.timestamp() * 1e6):016X}"}
    if event.startswith("ObjectCreated:"):
        entity |= {"size": size, "eTag": etag}
    bucket_entity = {"name": bucket, "ownerIdentity": {"principalId": "LOCAL"}, "arn": f"arn:aws:s3:::{bucket}"}
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "eventName": event,
        "userIdentity": {"principalId": "LOCAL"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "LOCAL", "x-amz-id-2": "LOCAL"},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "uploads", "bucket": bucket_entity, "object": entity},
    }
    return json.dumps({"Records": [record]})


def announce(site: Site, bucket: str, key: str, **facts: Any) -> None:
    """Send the notification to the local queue."""
    variables = site.environment
    client = sqs_client(variables, variables["MEDIAINDEX_SQS_ENDPOINT_URL"])
    send(client, variables["MEDIAINDEX_EVENT_QUEUES"].split()[0], message(bucket, key, **facts))
