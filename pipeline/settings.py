"""Settings: environment variables `TENANTCAST_*` over an optional TOML file, parsed once into a typed form."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import SettingsError
from pipeline.sources.mapping import SourceMapping, parse_mapping
from pipeline.sources.templates import Template, parse_templates

PREFIX = "TENANTCAST_"
ROOT = Path(__file__).resolve().parent.parent
NAMES = (
    "database_url",
    "store_url",
    "engine_url",
    "secret",
    "previous_secret",
    "timezone",
    "currency",
    "raw_horizon_days",
    "hourly_retention_days",
    "daily_retention_days",
    "marking",
    "reconcile_hours",
    "cost_open_hours",
    "mrr_definition",
    "public_url",
    "link_secret",
    "cloudfront_key_id",
    "cloudfront_private_key",
    "invalidate_command",
    "home",
)
SOURCE = "source"  # the part of the file that maps tables and columns; no variable can hold it
ENDPOINTS = "endpoints"  # the part that holds the endpoint templates
NOT_SETTINGS = ("config", "debug")  # variables of ours that are no settings: where the file is, and a traceback
MRR_DEFINITIONS = ("default", "chartmogul")
COST_OPEN_HOURS = 48
MARKINGS = ("triggers", "reconcile")
DATABASE_FORM = "postgresql://user:password@host:port/database"
HOURLY_RETENTION_DAYS = 400
SHORTEST_HOURLY = 7  # the dashboard shows two days of hours, and six-hour steps of a week
SHORTEST_DAILY = 366  # the dashboard compares 90 days with the 90 before
ZONES_FROM, ZONES_TO = datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Settings:
    """What an installation is told from outside; every value has been checked."""

    home: Path
    database_url: str | None = field(repr=False)  # None: the embedded Postgres under `home`
    store_url: str
    secret: str | None = field(repr=False)  # None: made and kept under `home`
    previous_secret: str | None = field(repr=False)  # addresses made from it are kept up as well
    timezone: str
    currency: str
    raw_horizon_days: int | None
    hourly_retention_days: int
    daily_retention_days: int | None  # None: for ever
    marking: str  # "triggers", or "reconcile" for raw tables that may only be read
    reconcile_hours: int
    cost_open_hours: int  # how long after its end the prices and rates of a day can still change
    mrr_definition: str  # what counts as recurring: "default" or "chartmogul"
    public_url: str | None  # where readers find the store's root; None: they are told the store's own address
    link_secret: str | None = field(repr=False)  # that nginx checks grants by
    cloudfront_key_id: str | None
    cloudfront_private_key: Path | None
    invalidate_command: tuple[str, ...]  # what tells a CDN which paths are gone; empty: nothing does
    source: SourceMapping
    endpoints: tuple[Template, ...]


@dataclass(frozen=True)
class Given:
    """One value, and the name by which who gave it finds it again."""

    name: str
    value: Any

    @property
    def text(self) -> str:
        """The value as text; raises SettingsError for another kind of value in the file, and for what is not UTF-8."""
        if isinstance(self.value, bool) or not isinstance(self.value, str | int):
            raise self.wrong('expected a text in quotes, such as "..."')
        text = str(self.value)
        if any("\ud800" <= letter <= "\udfff" for letter in text):  # how Python passes on bytes that are none
            raise self.wrong("it is not valid UTF-8")
        return text

    def wrong(self, why: str) -> SettingsError:
        """Give the error that names this setting."""
        return SettingsError(f"{self.name}: {why}.")


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check all settings; raises SettingsError that names the wrong one and what would be right."""
    given = _from_file(environ.get(PREFIX + "CONFIG")) | _from_environment(environ)
    if "engine_url" in given:
        raise given["engine_url"].wrong("no other engine than PostgreSQL is supported yet. Leave it unset")
    home = _home(given.get("home"))
    hourly_days = _days(given.get("hourly_retention_days"), least=SHORTEST_HOURLY) or HOURLY_RETENTION_DAYS
    return Settings(
        home=home,
        database_url=_database_url(given.get("database_url")),
        store_url=_store_url(given.get("store_url"), home),
        secret=_secret(given.get("secret"), own_database="database_url" in given),
        previous_secret=_previous_secret(given.get("previous_secret"), given.get("secret")),
        timezone=_timezone(given.get("timezone")),
        currency=_currency(given.get("currency")),
        raw_horizon_days=_days(given.get("raw_horizon_days"), least=1),
        hourly_retention_days=hourly_days,
        daily_retention_days=_days(given.get("daily_retention_days"), least=max(SHORTEST_DAILY, hourly_days)),
        marking=_marking(given.get("marking")),
        reconcile_hours=_reconcile_hours(given.get("reconcile_hours"), given),
        cost_open_hours=_hours(given.get("cost_open_hours"), otherwise=COST_OPEN_HOURS),
        mrr_definition=_mrr_definition(given.get("mrr_definition")),
        public_url=_public_url(given.get("public_url")),
        link_secret=_link_secret(given.get("link_secret"), given),
        cloudfront_key_id=_cloudfront_key_id(given.get("cloudfront_key_id"), given),
        cloudfront_private_key=_cloudfront_private_key(given.get("cloudfront_private_key"), given),
        invalidate_command=_command(given.get("invalidate_command")),
        source=_source(given.get(SOURCE)),
        endpoints=_endpoints(given.get(ENDPOINTS)),
    )


def _from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    """Read the variables; an empty one counts as unset."""
    variables = {PREFIX + name.upper(): name for name in NAMES}
    others = {PREFIX + name.upper() for name in NOT_SETTINGS}
    for variable in environ:
        if variable.startswith(PREFIX) and variable not in variables and variable not in others:
            known = sorted({*variables, *others})
            raise SettingsError(f"{variable}: no such setting. Known: {', '.join(known)}.")
    return {name: Given(variable, environ[variable]) for variable, name in variables.items() if environ.get(variable)}


def _from_file(path: str | None) -> dict[str, Given]:
    if not path:
        return {}
    try:
        values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"TENANTCAST_CONFIG: cannot read {path}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"TENANTCAST_CONFIG: {path} is not valid TOML: {error}.") from None
    for name in values:
        if name not in (*NAMES, SOURCE, ENDPOINTS):
            known = f"{', '.join(sorted(NAMES))}, and the tables [{SOURCE}] and [{ENDPOINTS}]"
            raise SettingsError(f"{name} in {path}: no such setting. Known: {known}.")
    return {name: Given(f"{name} in {path}", value) for name, value in values.items()}


def _home(given: Given | None) -> Path:
    if given is None:
        return ROOT / "var"
    try:
        home = Path(given.text).expanduser().absolute()
    except RuntimeError:
        raise given.wrong(f"{given.value!r} begins with ~ and a user that is not known") from None
    if home.is_file():
        raise given.wrong(f"{home} is a file. Name a folder; it is made if need be")
    return home


def _database_url(given: Given | None) -> str | None:
    """Check the form; the value itself holds a password and is never shown."""
    if given is None:
        return None
    scheme, _, rest = given.text.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise given.wrong(f"expected {DATABASE_FORM}")
    try:
        _ = urlsplit(given.text).port
    except ValueError:
        raise given.wrong(
            f"the port is not a number from 0 to 65535. Expected {DATABASE_FORM}; "
            "write / ? # @ : in a password as %2F %3F %23 %40 %3A"
        ) from None
    return "postgresql+psycopg://" + rest


def _store_url(given: Given | None, home: Path) -> str:
    if given is None:
        return (home / "public").as_uri()
    try:
        parts = urlsplit(given.text)
    except ValueError:
        raise given.wrong(f"{given.value!r} is neither file:///path nor s3://bucket/prefix") from None
    if "@" in parts.netloc:
        raise given.wrong("credentials do not belong into it. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if parts.query or parts.fragment:
        raise given.wrong(f"{given.value!r} holds a ? or #. Write %3F or %23 if it belongs to the path")
    is_folder = parts.scheme == "file" and not parts.netloc and unquote(parts.path).strip("/")
    is_bucket = parts.scheme == "s3" and re.fullmatch(r"[A-Za-z0-9._-]+", parts.netloc)
    if not is_folder and not is_bucket:
        raise given.wrong(f"{given.value!r} is neither file:///path nor s3://bucket/prefix")
    return given.text


def _secret(given: Given | None, *, own_database: bool) -> str | None:
    if given is None:
        if own_database:
            raise SettingsError(
                "TENANTCAST_SECRET: needed with a database of your own; tenant addresses are made from it. "
                "Set at least 32 random characters, for example from: openssl rand -hex 32"
            )
        return None
    return _long_enough(given)


def _previous_secret(given: Given | None, secret: Given | None) -> str | None:
    if given is None:
        return None
    if secret is not None and given.text == secret.text:
        raise given.wrong(f"the same as {secret.name}. Name the one that addresses were made from before, or unset it")
    return _long_enough(given)


def _long_enough(given: Given) -> str:
    if len(given.text) < 16:
        raise given.wrong("too short to be safe. Set at least 16 characters, better 32")
    return given.text


def _timezone(given: Given | None) -> str:
    if given is None:
        return "Africa/Lagos"
    try:
        zone = ZoneInfo(given.text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise given.wrong(f"{given.value!r} is not a time zone. Expected an IANA name such as Africa/Lagos") from None
    if not _on_whole_hours(zone):
        raise given.wrong(
            f"the offset of {given.text} from UTC is not whole hours, or was not at some time since "
            f"{ZONES_FROM.year}, and days are merged from whole hours. Use a zone such as Africa/Lagos"
        )
    return given.text


def _on_whole_hours(zone: ZoneInfo) -> bool:
    """Look week by week, as the tick does for the zones of tenants."""
    weeks = (ZONES_TO - ZONES_FROM) // timedelta(weeks=1)
    moments = ((ZONES_FROM + timedelta(weeks=week)).astimezone(zone) for week in range(weeks))
    return not any((moment.utcoffset() or timedelta()) % timedelta(hours=1) for moment in moments)


def _currency(given: Given | None) -> str:
    if given is None:
        return "NGN"
    if not re.fullmatch(r"[A-Z]{3}", given.text):
        raise given.wrong(f"{given.value!r} is not an ISO 4217 code such as NGN")
    return given.text


def _days(given: Given | None, *, least: int) -> int | None:
    if given is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", given.text) or int(given.text) < least:
        raise given.wrong(f"{given.value!r} is not a number of days from {least} to 99999")
    return int(given.text)


def _marking(given: Given | None) -> str:
    if given is None:
        return MARKINGS[0]
    if given.text not in MARKINGS:
        raise given.wrong(f"{given.value!r} is neither triggers nor reconcile")
    return given.text


def _reconcile_hours(given: Given | None, others: Mapping[str, Given]) -> int:
    """What may be purged must not lie in the window: it would be taken for deleted."""
    hours, days = 48, _days(others.get("raw_horizon_days"), least=1)
    if given is not None:
        if not re.fullmatch(r"[1-9][0-9]{0,4}", given.text) or int(given.text) > 10_000:
            raise given.wrong(f"{given.value!r} is not a number of hours from 1 to 10000")
        hours = int(given.text)
    if days and hours >= days * 24 and _marking(others.get("marking")) == "reconcile":
        name = given.name if given else f"{PREFIX}RECONCILE_HOURS"
        raise SettingsError(
            f"{name}: {hours} hours are not shorter than the {days} days of {PREFIX}RAW_HORIZON_DAYS, after which raw "
            f"rows may be gone. Set less than {days * 24}."
        )
    return hours


def _hours(given: Given | None, *, otherwise: int) -> int:
    if given is None:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,4}", given.text):
        raise given.wrong(f"{given.value!r} is not a number of hours from 0 to 9999")
    return int(given.text)


def _mrr_definition(given: Given | None) -> str:
    if given is None:
        return MRR_DEFINITIONS[0]
    if given.text not in MRR_DEFINITIONS:
        raise given.wrong(f"{given.value!r} is neither default nor chartmogul")
    return given.text


def _public_url(given: Given | None) -> str | None:
    if given is None:
        return None
    # No user, no query, and nothing that would mean something else in a policy.
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?", given.text):
        raise given.wrong(f"{given.value!r} is not an address such as https://cdn.example.com or https://host/files")
    return given.text.rstrip("/")


def _link_secret(given: Given | None, others: Mapping[str, Given]) -> str | None:
    if given is None:
        return None
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,}", given.text):
        raise given.wrong("expected at least 16, better 32, of letters, digits, - and _: it stands in nginx's settings")
    if any(name in others and others[name].text == given.text for name in ("secret", "previous_secret")):
        raise given.wrong("the same as a secret that addresses are made from. nginx knows this one: set another")
    _need_public_url(given, others)
    return given.text


def _cloudfront_key_id(given: Given | None, others: Mapping[str, Given]) -> str | None:
    if given is None:
        return None
    if not re.fullmatch(r"[A-Za-z0-9]{1,64}", given.text):
        raise given.wrong(f"{given.value!r} is not the id of a CloudFront public key, such as K2JCJMDEHXQW5F")
    if "cloudfront_private_key" not in others:
        raise given.wrong("needs TENANTCAST_CLOUDFRONT_PRIVATE_KEY, the file of the private key")
    if "link_secret" in others:
        raise given.wrong("either CloudFront or nginx checks grants. Unset this or TENANTCAST_LINK_SECRET")
    _need_public_url(given, others)
    return given.text


def _cloudfront_private_key(given: Given | None, others: Mapping[str, Given]) -> Path | None:
    if given is None:
        return None
    if "cloudfront_key_id" not in others:
        raise given.wrong("needs TENANTCAST_CLOUDFRONT_KEY_ID, the id under which CloudFront knows the public key")
    return Path(given.text)


def _need_public_url(given: Given, others: Mapping[str, Given]) -> None:
    if "public_url" not in others:
        raise given.wrong("needs TENANTCAST_PUBLIC_URL, the address at which readers find the files")


def _command(given: Given | None) -> tuple[str, ...]:
    """Cut a command into its words as a shell would; nothing else of a shell is in it."""
    if given is None:
        return ()
    try:
        words = tuple(shlex.split(given.text))
    except ValueError as error:
        raise given.wrong(f"{given.value!r} cannot be cut into words: {error}") from None
    if not words:
        raise given.wrong("names no program. Write it like /usr/local/bin/invalidate --site dashboards")
    return words


def _source(given: Given | None) -> SourceMapping:
    if given is None:
        return parse_mapping({})
    if not isinstance(given.value, Mapping):
        raise given.wrong(f"expected a table: [{SOURCE}], [{SOURCE}.api_requests] and so on")
    try:
        return parse_mapping(given.value)
    except SettingsError as error:
        raise SettingsError(f"{given.name.removeprefix(SOURCE + ' in ')}: {error}") from None


def _endpoints(given: Given | None) -> tuple[Template, ...]:
    if given is None:
        return ()
    try:
        return parse_templates(given.value)
    except SettingsError as error:
        raise SettingsError(f"{given.name.removeprefix(ENDPOINTS + ' in ')}: {error}") from None
