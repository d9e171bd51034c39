"""Endpoint templates: `/v1/users/{id}` names all endpoints of that form, so that ids in paths make no endpoint each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import SettingsError

MOST = 200
LONGEST = 300  # as the endpoints themselves
SEGMENT = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\}")
REST = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]*\.\.\.\}")


@dataclass(frozen=True)
class Template:
    """One template: `{name}` stands for one segment that is not empty, `{name...}` at the end for all the rest."""

    text: str

    @property
    def segments(self) -> list[str]:
        """What stands between the slashes."""
        return self.text.split("/")

    @property
    def head(self) -> list[str]:
        """The segments before the rest."""
        return self.segments[:-1] if self.takes_rest else self.segments

    @property
    def pattern(self) -> str:
        """The head as LIKE has it; as many slashes keep what stands for a variable within its segment."""
        return "/".join(_like(segment) for segment in self.head)

    @property
    def takes_rest(self) -> bool:
        """Whether it ends in `{name...}`."""
        return REST.fullmatch(self.segments[-1]) is not None


def parse_templates(given: Any) -> tuple[Template, ...]:
    """Read the `[endpoints]` part of the settings file; raises SettingsError that names the wrong template."""
    if not isinstance(given, Mapping):
        raise SettingsError('[endpoints]: expected a table with templates = ["/v1/users/{id}", ...].')
    for name in given:
        if name != "templates":
            raise SettingsError(f"[endpoints] {name}: no such setting. Known: templates.")
    texts = given.get("templates", [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise SettingsError('[endpoints] templates: expected a list of texts, such as ["/v1/users/{id}"].')
    if len(texts) > MOST:
        raise SettingsError(
            f"[endpoints] templates: {len(texts)} of them, and every request is compared with each. "
            f"Give at most {MOST}."
        )
    for place, text in enumerate(texts):
        if why := _wrong(text) or ("it is given twice" if text in texts[:place] else None):
            raise SettingsError(f"[endpoints] templates: {text[:LONGEST]!r}: {why}.")
    return tuple(Template(text) for text in texts)


def _wrong(text: str) -> str | None:
    """Say what is wrong with a template, and what would be right."""
    if not text.strip() or not text.isprintable():
        return "it is empty or holds control characters"
    if len(text) > LONGEST:
        return f"longer than {LONGEST} characters, at which endpoints are cut"
    if "?" in text:
        return "a query string is ignored when endpoints are compared. Leave out the ? and what follows"
    *before, last = text.split("/")
    if not before and REST.fullmatch(last):
        return "every endpoint would match it"
    for segment in (*before, "" if REST.fullmatch(last) else last):
        if ("{" in segment or "}" in segment) and not SEGMENT.fullmatch(segment):
            return (
                f"{segment!r}: a variable is a whole segment, {{name}}, or the whole rest at the end, {{name...}}; "
                "a name is made of letters, digits and _"
            )
    return None


def _like(segment: str) -> str:
    return "_%" if SEGMENT.fullmatch(segment) else re.sub(r"([\\%_])", r"\\\1", segment)
