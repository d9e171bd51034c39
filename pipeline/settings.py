"""Settings: environment variables `TENANTCAST_*` over an optional TOML file, parsed once into a typed form."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import SettingsError
from pipeline.sources.mapping import SourceMapping, parse_mapping

PREFIX = "TENANTCAST_"
ROOT = Path(__file__).resolve().parent.parent
NAMES = (
    "database_url",
    "store_url",
    "engine_url",
    "secret",
    "timezone",
    "currency",
    "raw_horizon_days",
    "home",
)


@dataclass(frozen=True)
class Settings:
    """What an installation is told from outside; every value has been checked."""

    home: Path
    database_url: str | None  # None: the embedded Postgres under `home`
    store_url: str
    secret: str | None = field(repr=False)  # None: made and kept under `home`
    timezone: str
    currency: str
    raw_horizon_days: int | None
    source: SourceMapping


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check all settings; raises SettingsError that names the wrong one and what would be right."""
    given = _from_file(environ.get(PREFIX + "CONFIG"))
    given |= {name: environ[PREFIX + name.upper()] for name in NAMES if environ.get(PREFIX + name.upper())}
    _refuse_unknown(environ, given)
    home = Path(str(given.get("home", ROOT / "var"))).expanduser().absolute()
    return Settings(
        home=home,
        database_url=_database_url(given.get("database_url")),
        store_url=_store_url(given.get("store_url"), home),
        secret=_secret(given.get("secret"), given.get("database_url")),
        timezone=_timezone(given.get("timezone", "Africa/Lagos")),
        currency=_currency(given.get("currency", "NGN")),
        raw_horizon_days=_horizon(given.get("raw_horizon_days")),
        source=parse_mapping(given.get("source", {})),
    )


def _from_file(path: str | None) -> dict[str, Any]:
    if not path:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"TENANTCAST_CONFIG: cannot read {path}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"TENANTCAST_CONFIG: {path} is not valid TOML: {error}.") from None


def _refuse_unknown(environ: Mapping[str, str], given: Mapping[str, Any]) -> None:
    known = {PREFIX + name.upper() for name in NAMES} | {PREFIX + "CONFIG"}
    unknown = [name for name in environ if name.startswith(PREFIX) and name not in known]
    unknown += [name for name in given if name not in (*NAMES, "source")]
    if unknown:
        raise SettingsError(f"{unknown[0]}: no such setting. Known: {', '.join(sorted(known))}.")


def _database_url(value: Any) -> str | None:
    if value is None:
        return None
    scheme, _, rest = str(value).partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise SettingsError("TENANTCAST_DATABASE_URL: expected postgresql://user:password@host:port/database.")
    try:
        _ = urlsplit(str(value)).port
    except ValueError:
        raise SettingsError(
            "TENANTCAST_DATABASE_URL: the port is not a number. "
            "Expected postgresql://user:password@host:port/database; write / @ : in a password as %2F %40 %3A."
        ) from None
    return "postgresql+psycopg://" + rest


def _store_url(value: Any, home: Path) -> str:
    if value is None:
        return (home / "public").as_uri()
    parts = urlsplit(str(value))
    if parts.scheme == "file" and not parts.netloc and unquote(parts.path).strip("/"):
        return str(value)
    if parts.scheme == "s3" and parts.netloc:
        return str(value)
    raise SettingsError(f"TENANTCAST_STORE_URL: {value!r} is neither file:///path nor s3://bucket/prefix.")


def _secret(value: Any, database_url: Any) -> str | None:
    if value is None:
        if database_url is not None:
            raise SettingsError(
                "TENANTCAST_SECRET: needed with a database of your own; tenant addresses are made from it. "
                "Set at least 32 random characters, for example from: openssl rand -hex 32"
            )
        return None
    if len(str(value)) < 16:
        raise SettingsError("TENANTCAST_SECRET: too short to be safe. Set at least 16 characters, better 32.")
    return str(value)


def _timezone(value: Any) -> str:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f"TENANTCAST_TIMEZONE: {value!r} is not a time zone. Expected an IANA name such as Africa/Lagos."
        ) from None
    return str(value)


def _currency(value: Any) -> str:
    if not re.fullmatch(r"[A-Z]{3}", str(value)):
        raise SettingsError(f"TENANTCAST_CURRENCY: {value!r} is not an ISO 4217 code such as NGN.")
    return str(value)


def _horizon(value: Any) -> int | None:
    if value is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,4}", str(value)):
        raise SettingsError(f"TENANTCAST_RAW_HORIZON_DAYS: {value!r} is not a number of days from 1 to 99999.")
    return int(value)
