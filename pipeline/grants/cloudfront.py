"""Grants that CloudFront checks: a custom policy over the folder, signed with the key of a trusted key group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from botocore.signers import CloudFrontSigner
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pipeline.errors import SettingsError
from pipeline.grants.grant import Grant, Link, folder_of

SETTING = "TENANTCAST_CLOUDFRONT_PRIVATE_KEY"


@dataclass(frozen=True)
class CloudFront:
    """Mints for the distribution at `public_url`, under the id of a public key that it trusts."""

    public_url: str
    key_id: str
    private_key: Path

    def mint(self, path: str, pages: Sequence[str], *, at: datetime, ttl: timedelta) -> Grant:
        """Open the folder of `path`. The key is 32 hexadecimal digits, so the `*` stands for nothing but its files."""
        expires_at = (at + ttl).replace(microsecond=0)
        key = _read(self.private_key)
        # SHA-1, because CloudFront checks no other.
        signer = CloudFrontSigner(self.key_id, lambda said: key.sign(said, PKCS1v15(), hashes.SHA1()))  # noqa: S303
        policy = signer.build_policy(f"{self.public_url}/{folder_of(path)}/*", expires_at)
        query = signer.generate_presigned_url("", policy=policy).removeprefix("?")
        return Grant(
            kind="cloudfront",
            expires_at=expires_at,
            url=f"{self.public_url}/{path}?{query}",
            query=query,
            cookies={f"CloudFront-{name}": value for name, value in parse_qsl(query)},
            cookie_path=f"{urlsplit(self.public_url).path}/{folder_of(path)}/",
            pages=[Link(page, f"{self.public_url}/{page}?{query}") for page in pages],
        )


def _read(path: Path) -> RSAPrivateKey:
    """Read the key; raises SettingsError that shows nothing of what is in the file."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise SettingsError(f"{SETTING}: cannot read {path}: {error.strerror}.") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError(f"{SETTING}: {path} holds no RSA key in PEM without a password, which CloudFront needs.")
    return key
