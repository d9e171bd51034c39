"""The SaaS at work: `python -m tests.writing ADDRESS SEED` inserts, updates, deletes until its standard input ends.

Some transactions stay open for a while, some are rolled back. It prints how many statements it has run.
"""

from __future__ import annotations

import random
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg

from pipeline.settings import ROOT

END = datetime(2026, 3, 10, 14, tzinfo=UTC)  # of what it writes; two hours of it are yet to come as of 12:30
HOURS = 24 * 6
TENANTS = 12
OPEN_AT_MOST = 2
PAUSE = 0.004

INSERT = {
    "api_requests": "insert into api_requests (tenant_id, endpoint, status_code, duration_ms, created_at) values (%s, %s, %s, %s, %s)",
    "usage_records": "insert into usage_records (tenant_id, quota_type, amount, created_at) values (%s, %s, %s, %s)",
}
# Rows that another transaction has in hand are passed over: these writers never wait for each other.
SOME = "id in (select id from {table} where id %% 97 = %s order by id limit %s for update skip locked)"
MOVE = "update {table} set created_at = created_at + %s, tenant_id = %s where " + SOME
CORRECT = {
    "api_requests": "update api_requests set status_code = 500, duration_ms = duration_ms * 2 where " + SOME,
    "usage_records": "update usage_records set amount = amount + 1 where " + SOME,
}
DELETE = "delete from {table} where " + SOME


class Writer:
    """One process of the SaaS: a connection for what commits at once, and others that stay open."""

    def __init__(self, address: str, seed: int) -> None:
        self.address = address
        self.random = random.Random(seed)
        self.plain = psycopg.connect(address, autocommit=True)
        self.open: list[psycopg.Connection[tuple[object, ...]]] = []
        self.statements = 0

    def step(self) -> None:
        """Do one of the things that a SaaS does."""
        if len(self.open) < OPEN_AT_MOST and self.random.random() < 0.02:
            self.open.append(psycopg.connect(self.address))
        if self.open and self.random.random() < 0.02:
            self.end(self.open.pop(0), commit=self.random.random() < 0.7)
        self.write(self.random.choice([self.plain, self.plain, *self.open]))

    def write(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        """Insert, most often; else move, correct or delete a few rows."""
        table = self.random.choice(list(INSERT))
        some = (self.random.randrange(97), self.random.randrange(1, 4))
        what = self.random.choices(("insert", "batch", "move", "correct", "delete"), (60, 5, 15, 10, 10))[0]
        with connection.cursor() as cursor:
            if what == "insert":
                cursor.execute(INSERT[table].encode(), self.row(table))
            elif what == "batch":
                cursor.executemany(INSERT[table].encode(), [self.row(table) for _ in range(25)])
            elif what == "move":
                by = timedelta(hours=self.random.randrange(-30, 30))
                cursor.execute(MOVE.format(table=table).encode(), (by, self.tenant(), *some))
            elif what == "correct":
                cursor.execute(CORRECT[table].format(table=table).encode(), some)
            else:
                cursor.execute(DELETE.format(table=table).encode(), some)
        self.statements += 1

    def row(self, table: str) -> tuple[object, ...]:
        """One row; every tenth lies exactly on the edge of an hour."""
        seconds = self.random.randrange(HOURS * 3600)
        at = END - timedelta(seconds=seconds - seconds % 3600 if self.random.random() < 0.1 else seconds)
        kind = f"ai_tokens_m-{self.random.randrange(3)}"
        if table == "usage_records":
            return self.tenant(), kind, self.random.randrange(1000), at
        duration = self.random.choice((None, -1.0, round(self.random.lognormvariate(4, 1), 3)))
        return self.tenant(), f"/{self.random.randrange(5)}", self.random.choice((200, 200, 404, 500)), duration, at

    def tenant(self) -> str:
        """One of the tenants."""
        return f"t{self.random.randrange(1, TENANTS + 1)}"

    def end(self, connection: psycopg.Connection[tuple[object, ...]], *, commit: bool) -> None:
        """End a transaction that was left open."""
        if commit:
            connection.commit()
        connection.close()

    def close(self) -> None:
        """End all of them."""
        for connection in self.open:
            self.end(connection, commit=True)
        self.plain.close()


@contextmanager
def written_by(address: str, *seeds: int) -> Iterator[None]:
    """Have a process a seed write into the database while the body runs; fails where one of them did."""
    command = [sys.executable, "-m", "tests.writing", address]
    writers = [
        subprocess.Popen([*command, str(seed)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for seed in seeds
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n", writer.communicate()[1]
    try:
        yield
    finally:
        ended = [writer.communicate(timeout=60) for writer in writers]
    for writer, (said, wrong) in zip(writers, ended, strict=True):
        assert (writer.returncode, wrong) == (0, ""), wrong
        assert int(said) > 0, "the writer came to nothing"


def main(address: str, seed: int) -> None:
    """Write until nobody holds the other end of standard input."""
    writer = Writer(address, seed)
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        writer.step()
    writer.close()
    print(writer.statements)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
