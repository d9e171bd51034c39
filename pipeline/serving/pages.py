"""The pages as they are served: each in one file with what its first numbers need, under a policy of its own. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping

from pipeline.errors import PermanentError
from pipeline.serving.modules import Bundle, bare

PAGES = ("index.html", "operator.html")
WORKER = "sw.js"
INLINED = re.compile(
    r'<link rel="stylesheet" href="(?P<style>\w+\.css)">'
    r'|<script src="(?P<early>\w+\.js)"(?P<data>[^>]*)></script>'
    r'|<script type="module" src="(?P<module>\w+\.js)"></script>'
)
POLICY_AT = '<meta charset="utf-8">\n'
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
FRAMES = "frame-ancestors 'none'"  # browsers take it from a header alone


def assembled(sources: Mapping[str, str]) -> dict[str, str]:
    """Turn the files of `dashboard/` into those that are served, by name."""
    modules = Bundle({name: source for name, source in sources.items() if name.endswith(".js")})
    files = {name: source for name, source in sources.items() if not name.endswith((".js", ".html", "style.css"))}
    files = {name: styles(source) if name.endswith(".css") else source for name, source in files.items()}
    for page in PAGES:
        files[page] = _page(sources, page, modules)
        for found in re.finditer(INLINED, sources[page]):
            if found["module"]:
                files |= _alike(files, modules.later(found["module"]))
    files[WORKER] = _worker(sources[WORKER], files)
    return dict(sorted(files.items()))


def _alike(files: Mapping[str, str], more: dict[str, str]) -> dict[str, str]:
    """Give the files that a page loads later, if none has the name of another page's and something else in it."""
    for name, content in more.items():
        if files.get(name, content) != content:
            raise PermanentError(
                f"dashboard/{name}: two pages import it later on, and what they have by then differs. "
                "Let each import a module of its own that imports this one."
            )
    return more


def policy_of(content: str) -> str:
    """Give the Content-Security-Policy of a file: its own, if it is a page, else that of all."""
    own = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', content)
    return f"{own[1] if own else _policy({})}; {FRAMES}"


def styles(source: str) -> str:
    """Leave out what only a reader of a style sheet needs."""
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    return re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"\s+", " ", source)).strip()


def _page(sources: Mapping[str, str], page: str, modules: Bundle) -> str:
    """A page with its style, its early script and its module inside, and their hashes in its policy."""
    hashes: dict[str, list[str]] = {}

    def inlined(found: re.Match[str]) -> str:
        if found["style"]:
            kind, opening, code = "style", "<style>", styles(sources[found["style"]])
        elif found["early"]:
            kind, opening, code = "script", f"<script{found['data']}>", bare(sources[found["early"]])
        else:
            kind, opening, code = "script", '<script type="module">', modules.first(found["module"])
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        hashes.setdefault(f"{kind}-src", []).append(f"'sha256-{digest}'")
        return f"{opening}{code}</{kind}>"

    lines = "".join(f"{line.strip()}\n" for line in sources[page].splitlines() if line.strip())
    made = re.sub(INLINED, inlined, lines)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_policy(hashes)}">\n'
    return made.replace(POLICY_AT, POLICY_AT + policy, 1)


def _policy(hashes: Mapping[str, list[str]]) -> str:
    return "; ".join(" ".join((kind, allowed, *hashes.get(kind, []))) for kind, allowed in POLICY.items())


def _worker(source: str, files: Mapping[str, str]) -> str:
    """Its version stands for the bytes of all files that it keeps, and of its own."""
    kept = sorted(files)
    parts = [source, *(part for name in kept for part in (name, files[name]))]
    version = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return bare(source).replace('"VERSION"', f'"{version}"').replace('["FILES"]', json.dumps(kept))
