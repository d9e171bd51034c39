"""Errors that a user sees: which thing, which interval, what is wrong, what to do."""


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


class ConflictError(TransientError):
    """Two transactions met on one row; the same again, from the start, succeeds."""
