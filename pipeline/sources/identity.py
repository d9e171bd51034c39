"""A tenant's id as somebody writes it, in the type that ids have in this database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

WHOLE_NUMBERS = {"integer": 2**31, "bigint": 2**63}


def typed(tenant: str, kind: str) -> Any | None:
    """Give the id in the type of tenant ids; None where it cannot be one."""
    try:
        if kind == "uuid":
            return UUID(tenant)
        if kind in WHOLE_NUMBERS:
            number = int(tenant)
            is_one = str(number) == tenant  # Python also reads "1_0" and digits of other scripts
            return number if is_one and -WHOLE_NUMBERS[kind] <= number < WHOLE_NUMBERS[kind] else None
        tenant.encode()
    except ValueError:
        return None
    return None if "\0" in tenant else tenant
