"""Grants that S3 checks: presigned addresses, one an object, made with the credentials found the AWS way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from pipeline.errors import PermanentError
from pipeline.grants.grant import Grant, Link
from pipeline.publish.caching import private_cache_control


@dataclass(frozen=True)
class Presigned:
    """Mints for a bucket. It may stay private: whoever presigns lends out its own right to read.

    The address asks for an answer that is `private`, whatever the object says, and is signed with that.
    """

    store_url: str

    def mint(self, path: str, pages: Sequence[str], *, at: datetime, ttl: timedelta) -> Grant:
        """Open the file at `path`, and each of the pages by itself. An address counts from this machine's own clock."""
        parts = urlsplit(self.store_url)
        prefix = parts.path.strip("/")
        try:
            client: Any = boto3.session.Session().client("s3", config=Config(signature_version="s3v4"))

            def sign(each: str) -> str:
                asked = {
                    "Bucket": parts.netloc,
                    "Key": f"{prefix}/{each}" if prefix else each,
                    "ResponseCacheControl": private_cache_control(each),
                }
                seconds = int(ttl.total_seconds())
                signed: str = client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)
                return signed

            links = [Link(page, sign(page)) for page in pages]
            return Grant(kind="s3", expires_at=(at + ttl).replace(microsecond=0), url=sign(path), pages=links)
        except (BotoCoreError, ValueError) as error:
            said = " ".join(str(error).split())
            raise PermanentError(
                f"Nothing can be signed for {self.store_url}: {said}. Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
                "AWS_DEFAULT_REGION, and AWS_ENDPOINT_URL where the store is not Amazon's."
            ) from None
