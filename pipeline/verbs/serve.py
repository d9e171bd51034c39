"""Serves both pages and the published files on this machine, for a look at them; needs no database."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pipeline.errors import SettingsError
from pipeline.installation import Installation
from pipeline.serving.server import Server
from pipeline.serving.site import Site
from pipeline.settings import ROOT

HELP = "show both pages and the published files on this machine"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8765, help="port, 0 for any (default: %(default)s)")


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    store = _folder(installation.settings.store_url)
    site = Site(page=ROOT / "dashboard", store=store)
    try:
        with Server(site, host=arguments.host, port=arguments.port) as server:
            _say_where(server.url, store)
            server.serve_forever()
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # it is ending already
    return 0


def _say_where(url: str, store: Path) -> None:
    print(f"A tenant's page is at {url}#KEY, the operator's at {url}operator.html#KEY", flush=True)
    print("`python -m pipeline url TENANT` and `url --platform` print whole addresses. Ctrl-C ends.", flush=True)
    if not (store / "v1" / "status.json").exists():
        print(f"Nothing is published in {store} yet: `python -m pipeline run` does that.", flush=True)


def _folder(store_url: str) -> Path:
    parts = urlsplit(store_url)
    if parts.scheme != "file":
        raise SettingsError(
            f"serve: TENANTCAST_STORE_URL is {store_url}, and only a file:// store can be served from here. "
            "Put a CDN or a web server in front of the bucket, or set a file:// store."
        )
    return Path(url2pathname(parts.path))


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port from 0 to 65535")
    return int(word)
