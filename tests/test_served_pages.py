"""The pages as they are served: made of the files in `dashboard/`, small, each under a policy that names what is in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.documents.encode import compress
from pipeline.documents.version import SCHEMA
from pipeline.errors import PermanentError
from pipeline.serving.modules import Bundle
from pipeline.serving.pages import PAGES, assembled, policy_of
from pipeline.serving.site import pages_of
from pipeline.settings import ROOT

FOLDER = ROOT / "dashboard"
MADE = pages_of(FOLDER)
FIRST_SCREEN = 14_000  # bytes, gzip: with a median document of 6,000 the first numbers cost 20,000


def sources() -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in FOLDER.iterdir()}


def hash_of(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


@pytest.mark.parametrize("name", ["fetching.js", "sw.js"])
def test_the_pages_read_the_schema_that_is_published(name: str) -> None:
    assert re.findall(r"^const SCHEMA = (\d+);", sources()[name], re.M) == [str(SCHEMA)]


@pytest.mark.parametrize("page", PAGES)
def test_a_policy_names_what_is_in_its_page_and_nothing_else(page: str) -> None:
    """Both in the page, so that it holds on any host, and in the header."""
    for kind, count in (("script", 2), ("style", 1)):
        codes = re.findall(rf"<{kind}[^>]*>(.+?)</{kind}>", MADE[page], re.S)
        assert len(codes) == count
        [allowed] = re.findall(rf"{kind}-src ([^;]+);", policy_of(MADE[page]))
        assert allowed.split() == ["'self'", *(hash_of(code) for code in codes)]
    assert MADE[page].index("Content-Security-Policy") < MADE[page].index("<script"), "before what it is for"
    assert not re.search(r'<script[^>]* src=|<link rel="stylesheet"| style="| on[a-z]+="', MADE[page])


@pytest.mark.parametrize("page", PAGES)
def test_what_the_first_numbers_need_is_one_small_file(page: str) -> None:
    assert len(compress(MADE[page].encode())) <= FIRST_SCREEN
    assert MADE[page].index("<script data-document=") < 1_500, "the numbers are asked for before the rest has come"


def test_every_file_of_the_folder_is_in_what_is_served() -> None:
    everything = "".join(MADE.values())
    for name in sources():
        module = re.fullmatch(r"(\w+)\.js", name)
        if name in MADE or name in {"early.js", "style.css"}:
            continue
        assert module, name
        assert f"modules.{module[1]} ??=" in everything, f"{name} is of no page"


def test_a_module_that_is_there_already_does_not_come_again() -> None:
    for page, later in (("index.html", "tenant.js"), ("operator.html", "business.js")):
        first = set(re.findall(r"modules\.(\w+) \?\?=", MADE[page]))
        rest = set(re.findall(r"modules\.(\w+) \?\?=", MADE[later]))
        assert {"frame", "format", "elements"} <= first
        assert not first & rest


def test_the_worker_keeps_all_files_in_one_version_of_them() -> None:
    found = re.search(r'const VERSION = "(\w{12})";.*const FILES = (\[.*?\]);', MADE["sw.js"], re.S)
    assert found
    assert json.loads(found[2]) == sorted(set(MADE) - {"sw.js"})
    for name, source in sources().items():
        if name.endswith((".js", ".css")):
            continue
        changed = assembled(sources() | {name: source.replace("a", "b", 1)})
        assert found[1] not in changed["sw.js"], name
    for name, words in (("format.js", "export const x = 1;"), ("style.css", "p { top: 0 }"), ("sw.js", "let x;")):
        assert found[1] not in assembled(sources() | {name: sources()[name] + words})["sw.js"], name
    assert assembled(sources()) == MADE


def test_modules_become_one_file_that_gives_the_same() -> None:
    bundle = Bundle(
        {
            "a.js": '// Words.\nimport { b as c } from "./b.js";\nexport const a = () => c + 1; // one more\nimport("./d.js");\n',
            "b.js": '/** Words\n * and more. */\nexport const b = "http://x // y";\n',
            "d.js": 'import { b } from "./b.js";\nimport * as e from "./e.js";\nexport function d() { return b + e.e; }\n',
            "e.js": "export const e = 1;\n",
        }
    )
    assert bundle.first("a.js") == (
        'const modules = {};\nmodules.b ??= (() => {\nconst b = "http://x // y";\nreturn { b };\n})();\n'
        "modules.a ??= (() => {\nconst { b: c } = modules.b;\nconst a = () => c + 1;\n"
        'import("./d.js").then((made) => made.add(modules));\nreturn { a };\n})();\n'
    )
    [(name, code)] = bundle.later("a.js").items()
    assert (name, code.count("??="), "modules.b ??=" in code) == ("d.js", 2, False)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a.js": 'import { a } from "./a.js";\n'}, "needs itself"),
        ({"a.js": 'import { a } from "./b.js";\n'}, "b.js: it is not there"),
        ({"a.js": 'import a from "./b.js";\n'}, "import a from"),
        ({"a.js": "export let a = 1;\n"}, "export let a"),
        ({"a.js": 'const a = "</script>";\n'}, "`</`"),
    ],
)
def test_what_cannot_be_put_together_is_refused(files: dict[str, str], says: str) -> None:
    with pytest.raises(PermanentError, match=re.escape(says)):
        Bundle(files).first("a.js")


def test_one_file_for_two_pages_is_refused_where_they_need_it_to_differ() -> None:
    """The operator's page has other modules by then than the tenant's."""
    beside = sources()["business.js"] + 'import("./history.js");\n'
    with pytest.raises(PermanentError, match=r"dashboard/history\.js: two pages import it later on"):
        assembled(sources() | {"business.js": beside})


def test_the_pages_are_written_for_any_static_server(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/pages", str(tmp_path)]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert {file.name for file in tmp_path.iterdir()} == {*MADE, *(f"{name}.gz" for name in MADE)}
    for name, content in MADE.items():
        assert (tmp_path / name).read_text(encoding="utf-8") == content
        assert (tmp_path / f"{name}.gz").read_bytes() == compress(content.encode())
        assert name in told
