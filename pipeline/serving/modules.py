"""Plain modules to few files: what is needed first in one, the rest in one more for each `import("./name.js")`.

A browser could load the modules one by one, as they are written. What is made here spares it the round trips.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.errors import PermanentError

IMPORT = re.compile(r'^import (?:\{ (?P<names>[^}]+) \}|\* as (?P<whole>\w+)) from "\./(?P<module>\w+\.js)";$', re.M)
LATER = re.compile(r'import\("\./(?P<module>\w+\.js)"\)')
EXPORT = re.compile(r"^export (?P<code>(?:const|class|function|async function) (?P<name>\w+))", re.M)
COMMENT_LINES = re.compile(r"^\s*/\*\*.*?\*/\n", re.M | re.S)
COMMENT_LINE = re.compile(r"^\s*//.*\n|(?<=[;,{}()\]]) // .*$", re.M)


@dataclass
class Bundle:
    """The modules of a folder, by name, and what of them belongs into which file."""

    sources: Mapping[str, str]
    _open: list[str] = field(default_factory=list)

    def first(self, entry: str) -> str:
        """Give the module of a page in one piece, for a script in the page itself."""
        return "const modules = {};\n" + self._joined(self._needed(entry))

    def later(self, entry: str) -> dict[str, str]:
        """Give the files that a page's module loads later on, by name; each gets those that are there already."""
        files: dict[str, str] = {}
        waiting = [(entry, frozenset[str]())]
        while waiting:
            root, there = waiting.pop()
            mine = [name for name in self._needed(root) if name not in there]
            if root != entry:
                files[root] = f"export const add = (modules) => {{\n{self._joined(mine)}return {_name(root)};\n}};\n"
            for name in mine:
                waiting += [(found["module"], there | set(mine)) for found in LATER.finditer(self.sources[name])]
        return files

    def _joined(self, names: list[str]) -> str:
        return "".join(f"{_name(name)} ??= (() => {{\n{self._scoped(name)}}})();\n" for name in names)

    def _needed(self, entry: str) -> list[str]:
        """A module and all that it imports, each after those that it needs itself."""
        return list(dict.fromkeys(self._in_order(entry)))

    def _in_order(self, name: str) -> Iterator[str]:
        if name in self._open or name not in self.sources:
            told = "needs itself" if name in self._open else "is not there"
            raise PermanentError(f"dashboard/{name}: it {told}, by way of {', '.join(self._open)}. Change the imports.")
        self._open.append(name)
        for found in IMPORT.finditer(self.sources[name]):
            yield from self._in_order(found["module"])
        self._open.pop()
        yield name

    def _scoped(self, name: str) -> str:
        """A module as the body of a function that gives what the module exports."""
        source = self.sources[name]
        exported = [found["name"] for found in EXPORT.finditer(source)]
        code = LATER.sub(lambda found: f"{found[0]}.then((made) => made.add(modules))", source)
        code = IMPORT.sub(_taken, EXPORT.sub(r"\g<code>", code))
        left = re.search(r"^(import|export)\s.*", code, re.M)
        if left or "</" in code:
            raise PermanentError(
                f"dashboard/{name}: {left[0] if left else '`</`'!r} cannot be put into one file with others. "
                'Write import { a } from "./b.js"; and export before const, function or class.'
            )
        return bare(code) + (f"return {{ {', '.join(exported)} }};\n" if exported else "")


def bare(code: str) -> str:
    """Leave out comments, indentation and empty lines: nobody reads them on a slow line."""
    code = COMMENT_LINE.sub("", COMMENT_LINES.sub("", code))
    return "".join(f"{line.strip()}\n" for line in code.splitlines() if line.strip())


def _name(module: str) -> str:
    return f"modules.{module.removesuffix('.js')}"


def _taken(found: re.Match[str]) -> str:
    names = found["whole"] or "{ " + found["names"].replace(" as ", ": ") + " }"
    return f"const {names} = {_name(found['module'])};"
