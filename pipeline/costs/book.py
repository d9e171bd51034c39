"""The price book: what is known of prices and rates, and since when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from pipeline.database.connection import execute
from pipeline.errors import PermanentError


def learn(connection: Connection, *, currency: str, through: datetime) -> int | None:
    """Compare prices and rates with the book; give the number of the new one, None where nothing differs.

    What differs stays in the temporary tables changed_prices and changed_rates. Raises PermanentError where the
    platform's currency is not the one that amounts have been stored in.
    """
    _settle_currency(connection, currency)
    execute(connection, "book/workspace")
    execute(connection, "book/read_prices")
    execute(connection, "book/read_rates", currency=currency)
    changed = execute(connection, "book/find_changed_prices").rowcount
    changed += execute(connection, "book/find_changed_rates").rowcount
    if not changed and execute(connection, "book/known", currency=currency).one().known:
        return None
    book = int(execute(connection, "book/add_book", through=through).scalar_one())
    for table in ("prices", "rates"):
        execute(connection, f"book/close_{table}", book=book)
        execute(connection, f"book/save_{table}", book=book)
    return book


def _settle_currency(connection: Connection, asked: str) -> None:
    known = execute(connection, "book/known", currency=asked).one()
    if known.currency == asked:
        return
    if known.is_used:
        raise PermanentError(
            f"TENANTCAST_CURRENCY is {asked}, but amounts are stored in {known.currency}, and closed days are not "
            f"converted. Set it to {known.currency}, or use another database."
        )
    if known.known:
        execute(connection, "book/forget")
    execute(connection, "book/set_currency", currency=asked)
