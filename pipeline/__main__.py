"""`python -m pipeline VERB`."""

import os
import sys
from contextlib import suppress

from pipeline.cli import STOPPED, main

code = main(sys.argv[1:])
if code == STOPPED:
    # At once: while Python shuts down, what is left of the interrupt can still turn this code into a death by signal.
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    os._exit(code)
sys.exit(code)
