"""Files in an S3 bucket, through boto3; credentials, region and endpoint are found the AWS way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pipeline.errors import PermanentError, SettingsError, TenantcastError, TransientError
from pipeline.publish.content import content_type, is_zipped
from pipeline.publish.stores import ABSENT, ChangedError, Draft, Held

LISTED = 1000  # keys a request, the most there can be
CONFIG = Config(
    # By default boto3 sends checksums after the body, as `Content-Encoding: gzip,aws-chunked`: stores that do not know
    # this keep the framing as content. A request is signed over the SHA-256 of its body in any case.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=32,
)


class S3Store:
    """One bucket, under a prefix."""

    def __init__(self, *, bucket: str, prefix: str) -> None:
        self.bucket, self.prefix = bucket, prefix
        try:
            self.client: Any = boto3.session.Session().client("s3", config=CONFIG)
        except BotoCoreError as error:
            raise self._translated("", error) from error
        except ValueError as error:
            raise SettingsError(f"AWS_ENDPOINT_URL: {error}. Expected http://host:port or https://host.") from None

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path

    def put(self, path: str, content: bytes, *, cache_control: str, over: str | None = None) -> str:
        """Upload one object with what a browser has to know of it."""
        try:
            put = self.client.put_object(
                Bucket=self.bucket,
                Key=self._key(path),
                Body=content,
                ContentType=content_type(path),
                CacheControl=cache_control,
                **({"ContentEncoding": "gzip"} if is_zipped(path) else {}),
                **_condition(over),
            )
        except (BotoCoreError, ClientError) as error:
            if over is None or not _is_refusal(error):
                raise self._translated(path, error) from error
            up = self.look(path)
            if up and up.content == content:
                return up.version
            raise ChangedError(path, up) from None
        return _version(put)

    def get(self, path: str) -> bytes | None:
        """Download one object."""
        up = self.look(path)
        return up.content if up else None

    def look(self, path: str) -> Held | None:
        """Download one object; its version is its ETag."""
        try:
            found = self.client.get_object(Bucket=self.bucket, Key=self._key(path))
            held = Held(found["Body"].read(), _version(found))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise self._translated(path, error) from error
        except BotoCoreError as error:
            raise self._translated(path, error) from error
        return held

    def has_second_name(self, path: str) -> bool:
        """Say yes: an object has one name only."""
        del path
        return True

    def delete(self, path: str) -> None:
        """Delete one object."""
        try:
            self.client.delete_object(Bucket=self.bucket, Key=self._key(path))
        except (BotoCoreError, ClientError) as error:
            raise self._translated(path, error) from error

    def list(self, folder: str) -> Iterator[str]:
        """Ask for the keys, page by page."""
        prefix = self._key(f"{folder}/")
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, PaginationConfig={"PageSize": LISTED}
        )
        try:
            for page in pages:
                for each in page.get("Contents", ()):
                    yield f"{folder}/{each['Key'].removeprefix(prefix)}"
        except (BotoCoreError, ClientError) as error:
            raise self._translated(folder, error) from error

    def drafts(self, folder: str) -> Iterator[Draft]:
        """Give nothing: an object appears whole, or not at all."""
        del folder
        return iter(())

    def url(self, path: str) -> str:
        """Give an s3:// address."""
        return f"s3://{self.bucket}/{self._key(path)}"

    def check(self) -> None:
        """Ask for the bucket."""
        try:
            self.client.head_bucket(Bucket=self.bucket)
        except (BotoCoreError, ClientError) as error:
            raise self._translated("", error) from error

    def _translated(self, path: str, error: Exception) -> TenantcastError:
        where = f"The store cannot be used: s3://{self.bucket}/{self._key(path)}"
        if isinstance(error, exceptions.NoCredentialsError):
            return PermanentError(f"{where}: no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
        if isinstance(error, ClientError):
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            code = error.response.get("Error", {}).get("Code", "")
            if status in (301, 400, 401, 403, 404):
                return PermanentError(
                    f"{where}: {code or status}. Check the bucket's name, TENANTCAST_STORE_URL and the AWS credentials."
                )
            return TransientError(f"{where}: {code or status}.")
        if isinstance(error, exceptions.ConnectionError | exceptions.HTTPClientError):
            return TransientError(f"{where}: {error}. Check AWS_ENDPOINT_URL and the network.")
        said = " ".join(str(error).split())
        return PermanentError(f"{where}: {said}. Check TENANTCAST_STORE_URL and the AWS settings.")


def _condition(over: str | None) -> dict[str, str]:
    """Give the headers under which a put replaces nothing but a version."""
    if over is None:
        return {}
    return {"IfNoneMatch": "*"} if over == ABSENT else {"IfMatch": over}


def _version(answer: dict[str, Any]) -> str:
    """Give an ETag without its quotes: Ceph compares what stands in If-Match as it is."""
    return str(answer["ETag"]).strip('"')


def _is_refusal(error: Exception) -> bool:
    """Say whether a condition did not hold, or could not be judged because another write was under way."""
    if not isinstance(error, ClientError):
        return False
    code = error.response.get("Error", {}).get("Code", "")
    return code in {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412"}
