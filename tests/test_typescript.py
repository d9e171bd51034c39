"""The published types, by a real TypeScript compiler: they compile, and what is published is what they say."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from pathlib import Path

import pytest

from pipeline.contract.documents import DOCUMENTS, contract_files, documents_at
from pipeline.contract.version import TYPES
from pipeline.export.exporting import export
from pipeline.installation import Installation
from pipeline.run import run
from pipeline.settings import ROOT
from tests.conftest import NOW, Sql, published

pytestmark = pytest.mark.real

TSC = ROOT / "var" / "typescript" / "node_modules" / ".bin" / "tsc"  # scripts/test-real puts it there
STRICT = (
    "--noEmit",
    "--strict",
    "--noUncheckedIndexedAccess",
    "--target",
    "es2022",
    "--lib",
    "es2022,dom",
    "--pretty",
    "false",
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the types, as somebody has fetched them."""
    (tmp_path / "tenantcast.d.ts").write_bytes(contract_files()[TYPES])
    return tmp_path


def compiled(place: Path, **sources: str) -> list[str]:
    """What the compiler has to say of some modules."""
    for name, text in sources.items():
        (place / f"{name}.ts").write_text(text, encoding="utf-8")
    files = ["tenantcast.d.ts", *(f"{name}.ts" for name in sources)]
    done = subprocess.run([TSC, *STRICT, *files], cwd=place, capture_output=True, text=True, timeout=120, check=False)
    said = done.stdout.splitlines()
    assert done.returncode == 0 or said, done.stderr
    return said


def test_the_types_and_the_typed_example_compile(place: Path) -> None:
    text = (ROOT / "docs" / "frontend.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```ts\n(.*?)```", text, re.DOTALL)
    assert compiled(place, example=example) == []


def test_a_mistake_is_seen(place: Path) -> None:
    """Money is no number, what may be null is so, names of fields are known, and nothing is written."""
    said = compiled(
        place,
        wrong="""
import type { Dashboard } from "./tenantcast";
export function wrong(it: Dashboard): void {
  const cost: number | null = it.periods["7d"].cost_breakdown.total;
  const fast: number = it.periods["7d"].response_times.p95_ms;
  console.log(it.periods["8d"], it.sequence, cost, fast);
  it.seq = 1;
}
""",
    )
    assert [re.search(r"\((\d+),.*error (TS\d+)", line).groups() for line in said if "error" in line] == [  # type: ignore[union-attr]
        ("4", "TS2322"),
        ("5", "TS2322"),
        ("6", "TS7053"),
        ("6", "TS2339"),
        ("7", "TS2540"),
    ]


def test_every_document_that_is_published_is_of_its_type(ready: Installation, sql: Sql, place: Path) -> None:
    sql.tenant()
    sql("insert into prices values ('api_calls', 3, 10, 'NGN', '2020-01-01')")
    sql("insert into quotas values ('t1', 'api_calls', 3000, 'month', 3)")
    sql(
        "insert into subscriptions (tenant_id, plan, status, monthly_amount, currency, started_at) "
        "values ('t1', 'pro', 'active', 599.95, 'NGN', '2026-02-20')"
    )
    for day in range(1, 10):
        sql.request(f"2026-03-0{day} 10:10Z")
        sql.usage(f"2026-03-0{day} 11:10Z")
    run(ready, NOW)
    export(ready)
    lines, seen = [], set()
    for number, (path, content) in enumerate(published(ready).items()):
        for document in documents_at(path)[:1]:
            name = document.shape.__name__
            seen.add(document.name)
            lines.append(f"export const it{number}: types.{name} = {json.dumps(json.loads(gzip.decompress(content)))};")
    assert {each.name for each in DOCUMENTS} - seen <= {"index", "platform-index", "tombstone", "endpoints", "models"}
    assert compiled(place, documents="\n".join(['import type * as types from "./tenantcast";', *lines])) == []
