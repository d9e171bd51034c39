"""The definitions as TypeScript: an interface an object, an alias a kind of value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin, is_typeddict

from pipeline.contract.shapes import OPEN, Shape, fields_of, is_choice, parts_of, says_of, shape_of, walk

TYPES = {str: "string", int: "number", float: "number", bool: "boolean"}


def typescript(documents: Iterable[Any]) -> str:
    """Give the declarations of some documents and of all that they are made of, each once."""
    kinds: dict[str, str] = {}
    objects: dict[str, str] = {}
    for shape in (shape for document in documents for shape in walk(document)):
        if shape.kind:
            kinds.setdefault(shape.kind.name, "\n".join(_alias(shape)))
        elif is_typeddict(shape.hint):
            objects.setdefault(shape.hint.__name__, "\n".join(_interface(shape.hint)))
    return (
        "\n\n".join(
            [
                "/* The documents of Tenantcast. Times are UTC; null is not known, never zero. */",
                *kinds.values(),
                *objects.values(),
            ]
        )
        + "\n"
    )


def _alias(shape: Shape) -> Iterator[str]:
    assert shape.kind
    value = shape.kind.keywords.get("const", _value(Shape(shape.hint)))
    yield f"/** {shape.kind.says} */"
    yield f"export type {shape.kind.name} = {value};"


def _interface(document: Any) -> Iterator[str]:
    yield f"/** {says_of(document)} */"
    yield f"export interface {document.__name__} {{"
    for field in fields_of(document):
        yield f"  /** {field.says} */"
        yield f"  readonly {_name(field.name)}{'' if field.required else '?'}: {_place(field.shape)};"
    if document in OPEN:
        places = [*(field.shape for field in fields_of(document)), shape_of(OPEN[document])]
        yield f"  readonly [item: string]: {' | '.join(_place(each) for each in places)};"
    yield "}"


def _name(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


def _place(shape: Shape) -> str:
    return f"{_value(shape)} | null" if shape.nullable else _value(shape)


def _value(shape: Shape) -> str:
    if shape.kind or is_typeddict(shape.hint):
        return shape.kind.name if shape.kind else str(shape.hint.__name__)
    parts = [_place(shape_of(part)) for part in parts_of(shape)]
    if is_choice(shape):
        return " | ".join(json.dumps(value) for value in get_args(shape.hint))
    if get_origin(shape.hint) is list:
        return f"readonly ({parts[0]})[]" if "|" in parts[0] else f"readonly {parts[0]}[]"
    if get_origin(shape.hint) is dict:
        return f"Readonly<Record<string, {parts[0]}>>"
    if get_origin(shape.hint) in (Union, UnionType):
        return " | ".join(parts)
    return TYPES[shape.hint]
