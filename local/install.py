"""Schema, buckets and indexes that servers need before use; the same for local servers and the user's servers."""

from __future__ import annotations

import contextlib
import threading

import psycopg2

from local.environment import REGION
from local.site import ServerError, Site

# Clients are imported where they are used: importing takes a second, which `status` and `down` do not need. With a
# lock, because servers are prepared in threads, and two threads that import parts of urllib3 deadlock.
_IMPORTING = threading.Lock()


def catalog(site: Site) -> None:
    """Migrate the catalog's schema."""
    with _IMPORTING:
        from mediaindex.catalog.base.migrate import migrate

    with contextlib.closing(psycopg2.connect(site.environment["MEDIAINDEX_DATABASE_URL"])) as connection:
        migrate(connection)


def buckets(site: Site) -> None:
    """Create the buckets for media and artifacts."""
    with _IMPORTING:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

    environment = {**site.settings.variables, **site.environment}
    client = boto3.client(
        "s3",
        endpoint_url=environment["MEDIAINDEX_S3_ENDPOINT_URL"],
        region_name=environment.get("AWS_DEFAULT_REGION", REGION),
        aws_access_key_id=environment.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=environment.get("AWS_SECRET_ACCESS_KEY"),
        config=Config(proxies={}, retries={"max_attempts": 2}),
    )
    for variable in ("MEDIAINDEX_MEDIA_BUCKET", "MEDIAINDEX_ARTIFACTS_BUCKET"):
        try:
            client.head_bucket(Bucket=environment[variable])
        except ClientError:
            client.create_bucket(Bucket=environment[variable])


def search(site: Site) -> None:
    """Create index templates, the first indexes and their aliases."""
    with _IMPORTING:
        from mediaindex.search.client import connect
        from mediaindex.search.setup import prepare

    with contextlib.closing(connect(site.environment["MEDIAINDEX_ELASTICSEARCH_URL"])) as client:
        prepare(client)


def into_external(site: Site) -> None:
    """Prepare the user's own servers. Raises ServerError, with the name of the server, if one cannot be used."""
    for name, step in (("postgres", catalog), ("s3", buckets), ("elasticsearch", search)):
        url = site.settings.external.get(name)
        if url:
            try:
                step(site)
            except Exception as error:
                shown = url.rpartition("@")[2]
                raise ServerError(f"{name}: your server {shown} cannot be used: {str(error).strip()}") from error
