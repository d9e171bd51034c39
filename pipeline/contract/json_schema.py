"""The definitions as JSON Schema, draft 2020-12."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin, is_typeddict

from pipeline.contract.shapes import OPEN, Shape, fields_of, is_choice, parts_of, says_of, shape_of, walk

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TYPES: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def json_schema(document: Any) -> dict[str, Any]:
    """Give the schema of a document, whole: what it is made of stands under `$defs`."""
    found = [shape for shape in walk(document) if shape.hint is not document]
    kinds = {shape.kind.name: _kind(shape) for shape in found if shape.kind}
    objects = {shape.hint.__name__: _object(shape.hint) for shape in found if is_typeddict(shape.hint)}
    return {
        "$schema": DRAFT,
        "title": document.__name__,
        **_object(document),
        "$defs": dict(sorted((kinds | objects).items())),
    }


def _object(document: Any) -> dict[str, Any]:
    fields = list(fields_of(document))
    return {
        "description": says_of(document),
        "type": "object",
        "properties": {
            field.name: _place(field.shape) | ({"description": field.says} if field.says else {}) for field in fields
        },
        "required": [field.name for field in fields if field.required],
        "additionalProperties": _place(shape_of(OPEN[document])) if document in OPEN else False,
    }


def _kind(shape: Shape) -> dict[str, Any]:
    assert shape.kind
    return {"description": shape.kind.says, **_value(Shape(shape.hint)), **shape.kind.keywords}


def _place(shape: Shape) -> dict[str, Any]:
    """Give what may stand in one place; kinds and objects by their name."""
    given = _value(shape)
    return {"anyOf": [given, {"type": "null"}]} if shape.nullable else given


def _value(shape: Shape) -> dict[str, Any]:
    if shape.kind or is_typeddict(shape.hint):
        return {"$ref": f"#/$defs/{shape.kind.name if shape.kind else shape.hint.__name__}"}
    parts = [_place(shape_of(part)) for part in parts_of(shape)]
    if is_choice(shape):
        values = list(get_args(shape.hint))
        of = {"type": TYPES[type(values[0])]}
        return of | ({"const": values[0]} if len(values) == 1 else {"enum": values})
    if get_origin(shape.hint) is list:
        return {"type": "array", "items": parts[0]}
    if get_origin(shape.hint) is dict:
        return {"type": "object", "additionalProperties": parts[0]}
    if get_origin(shape.hint) in (Union, UnionType):
        return {"anyOf": parts}
    return {"type": TYPES[shape.hint]}
