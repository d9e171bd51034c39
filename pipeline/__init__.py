"""Tenantcast: mark what changed in raw tables, roll it up, publish it as small static files.

The packages follow the data: `sources` (raw tables, marks), `rollups` (the tick), `documents`
(rows in, documents out; pure), `publish` (stores and order of writing). `database` holds the
connection and the files under `sql/`; `verbs` is the command line. Nothing here imports Airflow.
"""
