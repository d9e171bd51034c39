"""`run`: one tick of everything that is due, from marks to files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.errors import BusyError, NothingRolledError
from pipeline.installation import Installation
from pipeline.publish.publisher import PublishReport, publish
from pipeline.publish.status import StatusReport, announce
from pipeline.rollups.report import RollReport
from pipeline.rollups.tick import roll


@dataclass
class RunReport:
    """What the three steps did; `busy` says why one of them left its work to somebody else."""

    rollup: RollReport = field(default_factory=RollReport)
    publish: PublishReport = field(default_factory=PublishReport)
    status: StatusReport = field(default_factory=StatusReport)
    busy: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give the report as JSON has it."""
        return {
            "rollup": self.rollup.to_json(),
            "publish": self.publish.to_json(),
            "status": self.status.to_json(),
            "busy": self.busy,
        }


def run(installation: Installation, as_of: datetime | None = None) -> RunReport:
    """Roll up, publish, announce, by default as of now.

    A step that somebody else is at is passed over. Raises as the steps do.
    """
    report = RunReport()
    with _passing_busy(report):
        report.rollup = roll(installation, as_of)
    with _passing_busy(report):
        report.publish = publish(installation, as_of)
    with _passing_busy(report):
        report.status = announce(installation, as_of)
    return report


@contextmanager
def _passing_busy(report: RunReport) -> Iterator[None]:
    try:
        yield
    except BusyError as error:
        report.busy.append(str(error))
    except NothingRolledError as error:
        if not report.busy:  # else the first tick of all is at work
            raise
        report.busy.append(str(error))
