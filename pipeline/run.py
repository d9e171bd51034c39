"""`run`: one tick of everything that is due, from marks to files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.installation import Installation
from pipeline.publish.publisher import PublishReport, publish
from pipeline.publish.status import StatusReport, announce
from pipeline.rollups.tick import RollReport, roll


@dataclass(frozen=True)
class RunReport:
    """What the three steps did."""

    rollup: RollReport
    publish: PublishReport
    status: StatusReport

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return {
            "rollup": self.rollup.to_json(),
            "publish": self.publish.to_json(),
            "status": self.status.to_json(),
        }


def run(installation: Installation, as_of: datetime) -> RunReport:
    """Roll up, publish, announce; raises as the steps do."""
    return RunReport(
        rollup=roll(installation, as_of),
        publish=publish(installation, as_of),
        status=announce(installation, as_of),
    )
