"""The endpoint templates in the database: the function that gives endpoints their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from pipeline.database.connection import define, execute, execute_many, rows
from pipeline.database.queries import source
from pipeline.sources.templates import Template


def apply_templates(connection: Connection, templates: Sequence[Template]) -> bool:
    """Make `pipeline.endpoint_of` from the templates; say whether they are others than those applied before."""
    applied = [row.template for row in rows(connection, "source/applied_templates")]
    execute(connection, "source/forget_templates")
    entries = [
        {
            "position": position,
            "template": template.text,
            "pattern": template.pattern,
            "slashes": len(template.head) - 1,
            "takes_rest": template.takes_rest,
        }
        for position, template in enumerate(templates, 1)
    ]
    execute_many(connection, "source/save_template", entries)
    define(connection, source("source/endpoint_of"))
    return applied != [template.text for template in templates]


def reading_names(names: Mapping[str, str], templates: Sequence[Template]) -> dict[str, str]:
    """Add how the endpoint is read: as it stands where there are no templates, so that reading stays as cheap."""
    if "endpoint" not in names:
        return dict(names)
    plain = f"r.{names['endpoint']}::text"
    return {**names, "named_endpoint": f"pipeline.endpoint_of({plain})" if templates else plain}
