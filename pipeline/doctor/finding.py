"""What a doctor finds: which thing is wrong, why it matters, what to do, and what there is to paste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: an `error` makes numbers wrong or keeps them from coming, a `note` is good to know.

    `paste` holds commands or statements, a line each, as they are to be run.
    """

    name: str
    severity: Severity
    what: str
    why: str
    fix: str
    paste: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All findings, the worst first, and the names of the checks that were made."""

    findings: Sequence[Finding]
    checks: Sequence[str]

    def count(self, severity: Severity) -> int:
        """Give how many findings are this bad."""
        return sum(finding.severity == severity for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Give the diagnosis as JSON has it."""
        counts = {f"{severity}s": self.count(severity) for severity in SEVERITIES}
        return {**counts, "checks": list(self.checks), "findings": [asdict(finding) for finding in self.findings]}
