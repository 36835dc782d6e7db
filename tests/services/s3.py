"""A double of S3, by moto, in this process. It forgets all when it stops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lapwing.model.project import Storage


@contextmanager
def s3(bucket: str) -> Iterator[Storage]:
    """How it is reached; it has one bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        keys = {"region_name": "us-east-1", "aws_access_key_id": "key", "aws_secret_access_key": "secret"}
        client: Any = boto3.client("s3", endpoint_url=url, **keys)
        client.create_bucket(Bucket=bucket)
        yield Storage(endpoint=url, region="us-east-1", access_key="key", secret_key="secret")
    finally:
        server.stop()
