"""Prints the address of a tenant's dashboard.json or of the platform's summary, and of its page; or the export's."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from pipeline.errors import SettingsError
from pipeline.grants.grant import parse_ttl
from pipeline.grants.minting import mint
from pipeline.installation import Installation
from pipeline.publish.closing import close_former
from pipeline.publish.keys import (
    MANIFEST,
    Address,
    PlatformAddress,
    address,
    export_folder,
    platform_address,
)
from pipeline.publish.rotating import rotate
from pipeline.runs import clock, json_time, require_installed
from pipeline.verbs.reporting import add_json, show

HELP = "print the address of a tenant, of the platform or of the export"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("tenant", metavar="TENANT", nargs="?", help="the tenant's id")
    asked.add_argument("--platform", action="store_true", help="the platform's summary.json, for operators alone")
    asked.add_argument("--export", action="store_true", help="the manifest of the Parquet export, for analysts alone")
    asked.add_argument(
        "--end-rotation", action="store_true", help="take away at once what is left under the keys of earlier secrets"
    )
    parser.add_argument("--rotate", action="store_true", help="give the tenant another address, and publish there")
    parser.add_argument("--now", action="store_true", help="with --rotate: take the old files away at once")
    parser.add_argument("--signed", action="store_true", help="an address that opens for a time")
    parser.add_argument("--ttl", metavar="TIME", help="with --signed: how long, such as 15m (the default), 12h, 7d")
    parser.add_argument("--pages", action="store_true", help="with --signed: the addresses of all its pages, too")
    add_json(parser)


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Print the address, of a tenant with --rotate a new one."""
    if arguments.now and not arguments.rotate:
        raise SettingsError("--now goes with --rotate: it takes the old files away at once.")
    if (arguments.ttl is not None or arguments.pages) and not arguments.signed:
        raise SettingsError("--ttl and --pages go with --signed: they say for how long, and what else is opened.")
    if arguments.signed and (arguments.rotate or arguments.end_rotation):
        raise SettingsError("--signed opens an address that is there: rotate first, then ask for a grant.")
    if arguments.rotate:
        return _rotated(arguments, installation)
    if arguments.end_rotation:
        return _closed(arguments, installation)
    require_installed(installation.database)
    if arguments.signed:
        return _signed(arguments, installation)
    if arguments.platform:
        platform = platform_address(installation)
        return _shown(arguments, platform)
    if arguments.export:
        url = installation.url(f"{export_folder(installation.secret)}/{MANIFEST}")
        show(arguments, {"url": url}, [url])
        return 0
    return _shown(arguments, address(installation, arguments.tenant))


def _rotated(arguments: argparse.Namespace, installation: Installation) -> int:
    """Give a tenant another address; refused for the platform and the export, whose keys go with the secret."""
    if not arguments.tenant:
        raise SettingsError(
            "--rotate is for a tenant. The platform and the export have another address with another secret: set it, "
            "and name the one before in TENANTCAST_PREVIOUS_SECRET for as long as both shall be valid."
        )
    done = rotate(installation, arguments.tenant, at_once=arguments.now)
    show(arguments, done.to_json(), [done.address.url])
    if not arguments.json:
        until = json_time(done.readable_until)
        gone = (
            f"{done.removed:,} files are gone from the old address; an edge may hold copies"
            if arguments.now
            else ("the old address can be read, as it is now,")
        )
        print(f"{gone} until {until}\npage, while `serve` runs: {done.address.page}", file=sys.stderr)
    return 0


def _signed(arguments: argparse.Namespace, installation: Installation) -> int:
    """Print addresses that open for a time: of the first file, and of its pages where they are asked for."""
    ttl, path = parse_ttl("15m" if arguments.ttl is None else arguments.ttl), _path(arguments, installation)
    grant = mint(installation, path, at=clock(installation.database), ttl=ttl, with_pages=arguments.pages)
    show(arguments, grant.to_json(), [grant.url, *(link.url for link in grant.pages)])
    if not arguments.json:
        print(f"opens until {json_time(grant.expires_at)}", file=sys.stderr)
    return 0


def _path(arguments: argparse.Namespace, installation: Installation) -> str:
    if arguments.platform:
        return platform_address(installation).path
    if arguments.export:
        return f"{export_folder(installation.secret)}/{MANIFEST}"
    return address(installation, arguments.tenant).path


def _closed(arguments: argparse.Namespace, installation: Installation) -> int:
    """Say what is gone from the addresses of earlier secrets; 1 where something has to stay."""
    done = close_former(installation)
    lines = [f"{done.removed:,} files are gone; an edge may hold copies until {json_time(done.readable_until)}"]
    if done.left:
        lines.append(
            f"{done.left:,} files stay, because nothing is up in their place yet. See why their tenants are not "
            "published: python -m pipeline doctor. Then run, and end the rotation again."
        )
    show(arguments, done.to_json(), lines)
    return 1 if done.left else 0


def _shown(arguments: argparse.Namespace, found: Address | PlatformAddress) -> int:
    """Print an address where it can be piped on, and that of its page beside it."""
    show(arguments, asdict(found), [found.url])
    if not arguments.json:
        print(f"page, while `serve` runs: {found.page}", file=sys.stderr)
    return 0
