"""How PostgreSQL's programs are run: never as root, and never longer than the process that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

SERVER_USER = (65534, 65534)  # nobody, nogroup: what root runs PostgreSQL as
PR_SET_PDEATHSIG = 1


def as_server_user() -> None:
    """Drop root for the server's user; called between fork and exec."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(SERVER_USER[1])
        os.setuid(SERVER_USER[0])


def ending_with_us(number: signal.Signals) -> Callable[[], None]:
    """Give what to call between fork and exec: drop root, and have Linux send `number` when we die."""
    parent = os.getpid()

    def become() -> None:
        as_server_user()
        if sys.platform == "linux":
            # After the change of user, which would clear it.
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
            if os.getppid() != parent:
                os._exit(1)

    return become
