"""The table that a file goes into, and which column of the file goes where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline.database.connection import rows
from pipeline.errors import SettingsError
from pipeline.sources.mapping import EVENT_TABLES, REQUIRED, SourceTable


@dataclass(frozen=True)
class Column:
    """One column of the table: `name` is the contract's where it has one, `real` the database's."""

    name: str
    real: str
    type: str  # as in pg_type.typname; of a domain, what it is made of
    length: int | None  # the longest text that fits, of varchar(n) and char(n)
    not_null: bool
    has_default: bool
    sequence: str | None  # where its default numbers come from


@dataclass(frozen=True)
class Target:
    """A source table as it is in the database."""

    source: SourceTable
    columns: tuple[Column, ...]

    @property
    def address(self) -> str:
        """Schema and name, for people and for the ledger of loads."""
        return f"{self.source.schema}.{self.source.table}"

    def find(self, name: str) -> Column | None:
        """Give the column that the contract, or else the database, calls `name`."""
        by_contract = (column for column in self.columns if column.name == name)
        by_real = (column for column in self.columns if column.real == name)
        return next(by_contract, None) or next(by_real, None)


@dataclass(frozen=True)
class Constant:
    """A column of the table that has the same value, as text, in every row."""

    column: Column
    value: str


@dataclass(frozen=True)
class Match:
    """Which column of a file (by its place) fills which column of the table, and which ones fill none.

    `columns` are those of the places, then those of the constants.
    """

    places: tuple[int, ...]
    columns: tuple[Column, ...]
    ignored: tuple[str, ...]
    constants: tuple[Constant, ...]


def read_target(connection: Connection, table: SourceTable) -> Target:
    """Read the columns of a source table; raises SettingsError where it cannot be loaded into."""
    names = {table.column(name): name for name in REQUIRED[table.name]}
    names |= {real: name for name, real in table.columns.items()}
    found = rows(connection, "loads/columns", schema=table.schema, table=table.table)
    # An extra column that bears a name which the contract gives to another column would be ambiguous.
    shadowed = set(names.values()) - set(names)
    target = Target(
        source=table,
        columns=tuple(
            Column(
                name=names.get(row.name, row.name),
                real=row.name,
                type=row.type,
                length=row.length if row.length and row.length > 0 else None,
                not_null=row.not_null,
                has_default=row.has_default,
                sequence=row.sequence,
            )
            for row in found
            if row.name not in shadowed
        ),
    )
    if not found:
        raise SettingsError(
            f"{table.name}: there is no table {target.address} in the database. "
            f"Run `init` first, or name your own table under [source.{table.name}] in the settings file."
        )
    for name in REQUIRED[table.name]:
        if not any(column.name == name for column in target.columns):
            raise SettingsError(
                f"{table.name}: the table {target.address} has no column {table.column(name)}. "
                f'Name your own: [source.{table.name}] {name} = "…" in the settings file.'
            )
    return target


def match_columns(
    target: Target,
    file: str,
    names: Sequence[str],
    *,
    renamed: Sequence[tuple[str, str]],
    constants: Sequence[Constant] = (),
) -> Match:
    """Decide where each column of a file goes: by `renamed`, the contract's name, the database's name."""
    places = _renamed_places(target, file, names, renamed=renamed)
    for by_contract in (True, False):
        for column in target.columns:
            name = column.name if by_contract else column.real
            if column not in places and name in names and names.index(name) not in places.values():
                places[column] = _only_place(file, names, name)
    _refuse_filled(file, names, places=places, constants=constants)
    filled = {*places, *(constant.column for constant in constants)}
    _refuse_missing(target, file, names, filled=filled)
    used = [column for column in target.columns if column in places]
    return Match(
        places=tuple(places[column] for column in used),
        columns=(*used, *(constant.column for constant in constants)),
        ignored=tuple(name for place, name in enumerate(names) if place not in places.values()),
        constants=tuple(constants),
    )


def _renamed_places(
    target: Target, file: str, names: Sequence[str], *, renamed: Sequence[tuple[str, str]]
) -> dict[Column, int]:
    places: dict[Column, int] = {}
    for left, right in renamed:
        column, name = _reading(target, file, names, pair=(left, right))
        if column in places:
            raise SettingsError(f"--map {left}={right}: {column.name} is mapped twice. Map each column once.")
        places[column] = _only_place(file, names, name)
    return places


def _reading(target: Target, file: str, names: Sequence[str], *, pair: tuple[str, str]) -> tuple[Column, str]:
    """Read `column=name`; the other way round where only that makes sense."""
    left, right = pair
    for column, name in ((target.find(left), right), (target.find(right), left)):
        if column and name in names:
            return column, name
    if target.find(left):
        raise SettingsError(f"--map {left}={right}: {file} has no column {right}. Its columns: {listed(names)}.")
    raise SettingsError(
        f"--map {left}={right}: {target.source.name} has no column {left}. "
        f"Its columns: {listed([column.name for column in target.columns])}."
    )


def _only_place(file: str, names: Sequence[str], name: str) -> int:
    if names.count(name) > 1:
        raise SettingsError(f"{file}: the header has the column {name} more than once. Rename all but one.")
    return names.index(name)


def _refuse_filled(
    file: str, names: Sequence[str], *, places: dict[Column, int], constants: Sequence[Constant]
) -> None:
    """A column takes its values from the file or from a constant, never from both; something comes from the file."""
    for constant in constants:
        if constant.column in places:
            column, name = constant.column.name, names[places[constant.column]]
            raise SettingsError(
                f"--set {column}={constant.value}: {file} has a column for it, {name}. Leave out --set, "
                "or take that column out of the file."
            )
    if constants and not places:
        raise SettingsError(f"{file}: no column of it goes into the table. Its columns: {listed(names)}.")


def _refuse_missing(target: Target, file: str, names: Sequence[str], *, filled: set[Column]) -> None:
    """What the table gives by itself may be absent, but not an event's time: that would be made up."""
    required = REQUIRED[target.source.name]
    for column in target.columns:
        made_up = column.name == "created_at" and target.source.name in EVENT_TABLES
        needed = column.name in required and (made_up or not column.has_default)
        if column not in filled and (needed or (column.not_null and not column.has_default)):
            raise SettingsError(
                f"{file}: no column for {target.source.name}.{column.name}. "
                f"Its columns: {listed(names)}. Say which one it is: --map {column.name}=NAME; "
                f"or give all rows one value: --set {column.name}=VALUE."
            )


def listed(names: Sequence[str]) -> str:
    """Name columns in one line, of very many the first."""
    shown = ", ".join(name if name.isprintable() else repr(name) for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
