"""Erasure of a tenant: its rollups, its files, on demand its raw rows, with a receipt."""
