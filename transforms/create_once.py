"""A file that only one of several runs can make: what commits a generation of the state."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems


def create_once(path: str, data: bytes) -> None:
    """Make a file, as a whole or not at all; `FileExistsError` where there is one of that name."""
    if path.startswith("s3://"):
        _create_once_on_s3(path, data)
        return
    part = f"{path}.{uuid.uuid4().hex}.part"
    with FileSystems.create(part, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        stream.write(data)
    try:
        _create(part, path)
    finally:
        if FileSystems.exists(part):
            FileSystems.delete([part])


def _create_once_on_s3(path: str, data: bytes) -> None:
    """By a conditional request, which Beam's file systems do not have; its client does."""
    from apache_beam.io.aws.clients.s3.boto3_client import Client
    from botocore.exceptions import ClientError

    bucket, _, key = path.removeprefix("s3://").partition("/")
    client = Client(options=FileSystems._pipeline_options).client
    try:
        client.put_object(Bucket=bucket, Key=key, Body=data, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] == "PreconditionFailed":
            raise FileExistsError(path) from error
        raise


def _create(part: str, path: str) -> None:
    """Give a file its name, if nothing has it; raises `FileExistsError`."""
    if Path(part).is_file():
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            pass
        else:
            return
    if FileSystems.exists(path):
        raise FileExistsError(path)
    FileSystems.rename([part], [path])
