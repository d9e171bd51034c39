"""Reads the definitions: what a type hint of a document says, as something that can be written down."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from pipeline.contract.costs import CostByComponent, CostOfItem
from pipeline.contract.kinds import Kind

# Documents in which names of data stand beside the fields, and what stands under them.
OPEN: Mapping[Any, Any] = {CostByComponent: CostOfItem}


@dataclass(frozen=True)
class Shape:
    """What may stand in one place: `hint` bare, its `kind` if it has one, whether null may stand there as well."""

    hint: Any
    kind: Kind | None = None
    nullable: bool = False


@dataclass(frozen=True)
class Field:
    """One field of an object."""

    name: str
    shape: Shape
    says: str
    required: bool


def shape_of(hint: Any) -> Shape:
    """Read a hint: a value, a list, a map, an object, or one of several, and null."""
    if get_origin(hint) is Annotated:
        kind = next((each for each in hint.__metadata__ if isinstance(each, Kind)), None)
        inner = shape_of(hint.__origin__)
        return replace(inner, kind=kind) if kind else inner
    if get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
        [inner, *others] = [each for each in get_args(hint) if each is not NoneType]
        assert not others, f"{hint}: null beside more than one thing"
        found = shape_of(inner)
        return Shape(found.hint, found.kind, nullable=True)
    return Shape(hint)


def fields_of(document: Any) -> Iterator[Field]:
    """Give the fields of an object."""
    for name, given in get_type_hints(document, include_extras=True).items():
        required = get_origin(given) is not NotRequired
        hint = given if required else get_args(given)[0]
        says = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, str)]
        yield Field(name, shape_of(hint), " ".join(says), required)


def says_of(document: Any) -> str:
    """Give what an object is: the sentence of its class."""
    return inspect.cleandoc(document.__doc__)


def parts_of(shape: Shape) -> list[Any]:
    """Give the hints that a shape is made of: a list's entries, a map's values, the choices of a union."""
    if get_origin(shape.hint) in (list, Union, UnionType):
        return list(get_args(shape.hint))
    return [get_args(shape.hint)[1]] if get_origin(shape.hint) is dict else []


def walk(hint: Any) -> Iterator[Shape]:
    """Give all shapes that a hint leads to, each object and kind once, those that lead to others before them."""
    seen: set[Any] = set()

    def lead(shape: Shape) -> Iterator[Shape]:
        mark = shape.kind.name if shape.kind else shape.hint
        if is_typeddict(shape.hint) or shape.kind:
            if mark in seen:
                return
            seen.add(mark)
        yield shape
        if is_typeddict(shape.hint):
            for field in fields_of(shape.hint):
                yield from lead(field.shape)
            if shape.hint in OPEN:
                yield from lead(shape_of(OPEN[shape.hint]))
        for part in parts_of(shape):
            yield from lead(shape_of(part))

    yield from lead(shape_of(hint))


def is_choice(shape: Shape) -> bool:
    """Say whether a shape is one of a few given values."""
    return get_origin(shape.hint) is Literal
