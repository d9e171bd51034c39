"""`python -m pipeline VERB`."""

import os
import sys
from contextlib import suppress

from pipeline.cli import STOPPED, main

code = main(sys.argv[1:])
if code == STOPPED:
    # CPython forgets that an interrupt was handled if it fell into an `exec` of some import, and would die by SIGINT.
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    os._exit(code)
sys.exit(code)
