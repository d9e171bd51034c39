"""The contract as code: schemas and types are what they should be, are published, and do not change unseen."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, TypedDict

import jsonschema_rs
import pytest

from pipeline.contract import documents as defined
from pipeline.contract.documents import DOCUMENTS, FOLDER, contract_files, documents_at
from pipeline.contract.json_schema import json_schema
from pipeline.contract.kinds import DECIMAL
from pipeline.contract.shapes import OPEN
from pipeline.contract.typescript import typescript
from pipeline.contract.version import TYPES, definitions
from pipeline.documents.encode import compress
from pipeline.installation import Installation
from pipeline.publish.caching import cache_control
from pipeline.publish.content import content_type
from pipeline.publish.contract import publish_contract
from pipeline.publish.stores import FileStore
from pipeline.reconcile.files import compare_files, repair_files
from pipeline.run import run
from pipeline.settings import ROOT
from tests.conftest import NOW, Sql, dashboard_of, published
from tests.contract_snapshot import ADDED, RENEW, gone, held, path_of, renewed
from tests.contracts import problems_of
from tests.sample_documents import Sample, dashboard
from tests.sample_money import summary
from tests.test_no_float import is_money

SAMPLES = (
    Sample("plain"),
    Sample("empty", size=0),
    Sample("huge", size=5000),
    Sample("hostile", hostile=True),
    Sample("elsewhere", plan=None, timezone="Africa/Nairobi"),
)
CONTRACT = {*(f"v1/schema/{each.name}.json" for each in DOCUMENTS), "v1/tenantcast.d.ts"}


def schemas() -> dict[str, Any]:
    """The schemas by the names of their documents, as they are published."""
    return {each.name: json.loads(contract_files()[f"{FOLDER}/{each.name}.json"]) for each in DOCUMENTS}


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """All schemas within one."""
    if isinstance(schema, dict):
        yield schema
    for each in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts(each)


# What is defined


@pytest.mark.parametrize("name", [each.name for each in DOCUMENTS])
def test_every_schema_is_a_valid_and_closed_one(name: str) -> None:
    schema = schemas()[name]
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    open_objects = {each.__name__ for each in OPEN}
    objects = [each for each in parts(schema) if "properties" in each and each.get("type") == "object"]
    assert objects
    for each in objects:
        known = [at for at, given in schema["$defs"].items() if given is each]
        assert each["additionalProperties"] is False or set(known) <= open_objects
        assert each["description"].strip().endswith(".")
    assert {each["$ref"] for each in parts(schema) if "$ref" in each} == {f"#/$defs/{at}" for at in schema["$defs"]}


def test_every_field_says_what_it_is_and_every_number_in_what_unit() -> None:
    for name, schema in schemas().items():
        for each in (each for each in parts(schema) if isinstance(each.get("properties"), dict) and "required" in each):
            for field, given in each["properties"].items():
                assert re.fullmatch(r"[A-Z0-9a-z].*\.", given.get("description", "")), (name, field)
        kinds = schema["$defs"].values()
        numbers = [each for each in parts(schema) if each.get("type") in ("number", "integer")]
        assert [each for each in numbers if each not in kinds] == [], f"{name}: a number without a kind has no unit"
        assert all(each["description"] for each in kinds)


def test_money_is_text_in_every_schema() -> None:
    """What tests/test_no_float.py sees in files, of all that files may ever hold."""
    seen = set()
    for name, schema in schemas().items():
        for place, given in leaves_of(schema, schema["$defs"], (name,)):
            if not is_money(place) or given["type"] in ("boolean", "null"):
                continue
            assert (given["type"], given.get("pattern")) == ("string", DECIMAL), place
            seen.add(place[-1])
    assert {"total", "mrr", "usage", "unit_price", "fx_rate", "margin", "arpa", "fx_impact"} <= seen


def leaves_of(schema: Any, kinds: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every plain value that a schema has a place for, with the names that lead to it."""
    if "$ref" in schema:
        yield from leaves_of(kinds[schema["$ref"].rpartition("/")[2]], kinds, place)
    elif "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from leaves_of(each, kinds, place)
    elif schema["type"] == "array":
        yield from leaves_of(schema["items"], kinds, place)
    elif schema["type"] == "object":
        for name, each in schema.get("properties", {}).items():
            yield from leaves_of(each, kinds, (*place, name))
        if isinstance(schema["additionalProperties"], dict):
            yield from leaves_of(schema["additionalProperties"], kinds, (*place, "*"))
    else:
        yield place, schema


def test_a_document_that_is_not_as_defined_is_seen(ready: Installation, sql: Sql) -> None:
    """The look at every published file can fail: on a field too many, one too few, a number for money, a bad time."""
    sql.tenant()
    run(ready, NOW)
    good = dashboard_of(ready)
    path = "v1/t/k/dashboard.json"
    assert problems_of(path, compress(json.dumps(good).encode())) == []
    for spoil in (
        lambda it: it.update(more=1),
        lambda it: it.pop("seq"),
        lambda it: it["periods"].pop("7d"),
        lambda it: it["periods"]["24h"]["cost_breakdown"].update(total=0),
        lambda it: it["periods"]["24h"]["cost_breakdown"]["breakdown"].update(emails={"total": 1.5}),
        lambda it: it.update(data_through="2026-03-10T12:00:00+00:00"),
        lambda it: it.update(data_through="2026-02-30T12:00:00Z"),
        lambda it: it.update(schema=2),
        lambda it: it["periods"]["24h"]["usage_trend"].update(granularity="week"),
    ):
        bad = json.loads(json.dumps(good))
        spoil(bad)
        assert problems_of(path, compress(json.dumps(bad).encode())), spoil
    assert "has no document" in problems_of("v1/t/k/yearly/2026.0123456789ab.json", b"")[0]


def test_each_path_belongs_to_its_documents() -> None:
    for path, name in (
        ("v1/status.json", "status"),
        ("v1/t/k/dashboard.json", "dashboard tombstone"),
        ("v1/t/k/costs/2026-03-2.0123456789ab.json", "costs"),
        ("v1/t/k/costs/index-2.0123456789ab.json", "index"),
        ("v1/platform/k/mrr/2026-03.0123456789ab.json", "platform-mrr"),
        ("v1/platform/k/tenants/index.0123456789ab.json", "platform-index"),
        ("v1/export/k/manifest.json", "manifest"),
    ):
        assert [each.name for each in documents_at(path)] == name.split()
    assert documents_at("v1/t/k/x/dashboard.json") == documents_at("v1/t/../status.json") == []


@pytest.mark.parametrize("sample", SAMPLES, ids=repr)
def test_documents_made_by_hand_are_as_the_publisher_writes_them(sample: Sample) -> None:
    """Tests of the pages stand on them; that a page copes with a reason that it does not know is theirs."""
    text = json.dumps(dashboard(sample, data_through=NOW)).replace('"a_new_reason"', '"no_price"')
    assert problems_of("v1/t/k/dashboard.json", compress(text.encode())) == []


@pytest.mark.parametrize("busy", [True, False])
def test_a_summary_made_by_hand_is_as_the_publisher_writes_it(busy: bool) -> None:
    text = json.dumps(summary(data_through=NOW, busy=busy))
    assert problems_of("v1/platform/k/summary.json", compress(text.encode())) == []


def test_the_frontend_page_names_every_field_and_no_other() -> None:
    text = re.sub(r"```.*?```", "", (ROOT / "docs" / "frontend.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    objects = [
        each["properties"]
        for schema in schemas().values()
        for each in parts(schema)
        if isinstance(each.get("required"), list)
    ]
    names = {name for each in objects for name in each}
    named = {word for quoted in re.findall(r"`([^`\n]+)`", text) for word in re.findall(r"\w+", quoted)}
    assert sorted(names - named) == [], "docs/frontend.md says nothing of these"
    tables = {
        quoted for row in re.findall(r"^\| (`[^|]+)\|", text, re.MULTILINE) for quoted in re.findall(r"`([^`]+)`", row)
    }
    fields = {field for field in tables if not field.endswith(".json")}
    assert len(fields) > 50
    assert sorted(field for field in fields if not set(re.findall(r"\w+", field)) <= names) == [], (
        "no document has these"
    )


# What changes


def test_a_change_of_the_contract_is_seen() -> None:
    assert path_of().exists(), f"There is no snapshot of this contract. {RENEW}"
    before, now = path_of().read_text(encoding="utf-8").splitlines(), held()
    lost = gone(before, now)
    assert lost == [], (
        "A client may rely on these. Raise SCHEMA in pipeline/documents/version.py, say so in CHANGELOG.md; " + RENEW
    )
    assert renewed(before, now) == before, f"Fields were added: name them in CHANGELOG.md. {RENEW}"


def test_the_changelog_names_every_field_that_was_added() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    lines = [line for line in path_of().read_text(encoding="utf-8").splitlines() if line.endswith(ADDED)]
    names = {re.split(r"[.=]", line.partition(":")[0])[-1].strip(" ?[]*") for line in lines}
    assert sorted(name for name in names if name not in changelog) == []


def test_what_breaks_a_client_is_told_from_what_it_can_ignore() -> None:
    before = ["a.b: integer", "a.c: string", "a.c = ok"]
    assert gone(before, [*before, "a.d: string"]) == []
    assert renewed(before, [*before, "a.d: string"]) == [*before, "a.d: string  # added"]
    assert gone(renewed(before, [*before, "a.d: string"]), before) == ["a.d: string"]
    assert gone(before, ["a.b: integer or null", "a.c: string", "a.c = ok"]) == ["a.b: integer"]
    assert gone(before, ["a.b: integer", "a.c: string"]) == ["a.c = ok"]


# What is published


@pytest.fixture
def up(ready: Installation, sql: Sql) -> Installation:
    """An installation after its first publish."""
    sql.tenant()
    run(ready, NOW)
    return ready


def test_the_first_publish_brings_schemas_and_types_and_a_second_nothing(up: Installation) -> None:
    files = published(up)
    assert {path for path in files if path.startswith(("v1/schema/", "v1/tenantcast"))} == CONTRACT
    assert {path: gzip.decompress(files[path]) for path in CONTRACT} == contract_files()
    for path in CONTRACT:
        assert up.store.has_second_name(path)
        assert cache_control(path) == "public, max-age=3600"
    assert content_type("v1/tenantcast.d.ts") == "text/plain; charset=utf-8"
    assert content_type("v1/schema/status.json") == "application/json"
    assert publish_contract(up.store) == 0


def test_types_come_after_the_schemas_and_before_status(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that whoever sees the one can rely on the others, also after a kill."""
    put, order = FileStore.put, []

    def noted(store: FileStore, path: str, content: bytes, **given: Any) -> Any:
        order.append(path)
        return put(store, path, content, **given)

    monkeypatch.setattr(FileStore, "put", noted)
    sql.tenant()
    run(ready, NOW)
    assert order[-2:] == ["v1/tenantcast.d.ts", "v1/status.json"]
    order.clear()
    run(ready, NOW)
    assert order == ["v1/status.json"]


def test_other_definitions_rewrite_what_differs_and_take_away_what_is_no_more(
    up: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = published(up)
    more = {**contract_files(), "v1/schema/status.json": b"{}", TYPES: contract_files()[TYPES] + b"// more\n"}
    more = {path: content for path, content in more.items() if path != "v1/schema/costs.json"}
    more[TYPES] = more[TYPES].replace(definitions().encode(), b"others")
    monkeypatch.setattr(defined, "contract_files", lambda: more)
    monkeypatch.setattr("pipeline.publish.contract.definitions", lambda: "others")
    assert publish_contract(up.store) == 3
    after = published(up)
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    assert changed == {"v1/schema/status.json", "v1/schema/costs.json", TYPES}
    assert "v1/schema/costs.json" not in after
    assert publish_contract(up.store) == 0


@pytest.mark.parametrize(
    ("path", "spoiled", "what"),
    [
        ("v1/schema/dashboard.json", None, "missing in the store"),
        ("v1/schema/status.json", compress(b"{}"), "altered in the store"),
        (TYPES, None, "missing in the store"),
        (TYPES, b"no gzip", "altered in the store"),
    ],
)
def test_reconcile_finds_and_mends_what_happened_to_a_file(
    up: Installation, path: str, spoiled: bytes | None, what: str
) -> None:
    before = published(up)
    assert compare_files(up).total == 0
    if spoiled is None:
        up.store.delete(path)
    else:
        up.store.put(path, spoiled, cache_control="")
    report = compare_files(up)
    assert [(each.name, each.what) for each in report.differences] == [(path.removeprefix("v1/"), what)]
    repair_files(up, report)
    assert compare_files(up).total == 0
    assert published(up) == before


def test_reconcile_leaves_what_another_version_wrote_to_the_next_publish(up: Installation) -> None:
    old = contract_files()[TYPES].replace(definitions().encode(), b"0" * 64)
    up.store.put(TYPES, compress(old), cache_control="")
    up.store.delete("v1/schema/status.json")
    assert compare_files(up).total == 0
    run(up, NOW)
    assert {path: gzip.decompress(published(up)[path]) for path in CONTRACT} == contract_files()


# What is written


class Example(TypedDict):
    """An example."""

    one: Annotated[int, "A number."]
    others: Annotated[dict[str, list[str | None]], "Lists."]


def test_a_definition_becomes_a_schema_and_an_interface() -> None:
    assert json_schema(Example)["properties"] == {
        "one": {"type": "integer", "description": "A number."},
        "others": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
            "description": "Lists.",
        },
    }
    assert "readonly others: Readonly<Record<string, readonly (string | null)[]>>;" in typescript([Example])
