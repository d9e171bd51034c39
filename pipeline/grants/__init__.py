"""Signed access on top of addresses: grants that open one folder for a time."""
