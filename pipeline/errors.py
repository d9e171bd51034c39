"""Errors that a user sees: which thing, which interval, what is wrong, what to do."""

from __future__ import annotations

from functools import partial
from typing import Any


class TenantcastError(Exception):
    """Base of all errors with a message made for people; the command line prints it as one line."""


class SettingsError(TenantcastError):
    """A setting or an argument is wrong: nothing was done. Exit code 2."""


class PermanentError(TenantcastError):
    """Trying again gives the same: something has to be changed first. Exit code 1."""


class UnusableError(PermanentError):
    """What a tenant's row says cannot be worked with: its last good files stay, it is named stale. Exit code 0."""


class NothingRolledError(PermanentError):
    """No tick has ended yet, so there is nothing to publish."""


class TransientError(TenantcastError):
    """The other side is away or busy: trying again later may work. Exit code 1."""


class BusyError(TransientError):
    """Somebody else is doing this very work: there is nothing to do here. Exit code 0."""


class OvertakenError(TransientError):
    """A newer file is up than the one that was to be written: it stays. The next run writes above it."""

    def __init__(self, path: str, *, seq: int, standing: int) -> None:
        super().__init__(
            f"{path}: one with seq {standing} is up, this would be {seq}: another publisher has taken over, or the "
            "database is older than its files. Nothing is lost; run it again."
        )
        self.path, self.seq, self.standing = path, seq, standing

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it pass from one process to another, with its numbers."""
        return partial(OvertakenError, self.path, seq=self.seq, standing=self.standing), ()


class ConflictError(TransientError):
    """Two transactions met on one row; the same again, from the start, succeeds."""
