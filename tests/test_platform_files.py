"""The platform's files: pages before the summary, written once, nobody else's key in them, nobody held up by them."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from datetime import date, timedelta
from typing import Any

import pytest

from pipeline.errors import TransientError
from pipeline.installation import Installation
from pipeline.platform import publishing
from pipeline.platform.shaping import shape as platform_shape
from pipeline.publish.caching import DASHBOARD, PAGE, cache_control
from pipeline.publish.keys import platform_address, platform_key, public_name, tenant_key
from pipeline.publish.publisher import publish
from pipeline.publish.status import announce
from pipeline.publish.stores import FileStore
from pipeline.reconcile.reconciling import reconcile
from pipeline.rollups.tick import roll
from pipeline.run import run
from pipeline.settings import ROOT
from pipeline.verbs import publish as publish_verb
from tests.checks import assert_settled, stamped
from tests.conftest import NOW, Sql, address_of, dashboard_of, document, installation_on, published
from tests.contracts import describes
from tests.test_costs import price, rate
from tests.test_mrr import subscription
from tests.test_platform_summary import MOVEMENTS, history, pages_of, some_days, summary_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONEY = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
MONEY_FIELDS = {
    *("total", "revenue", "margin", "cost", "mrr", "opening", "closing", "arpa"),
    *("new", "expansion", "contraction", "churn", "reactivation", "fx_impact"),
}


def folder_of(installation: Installation) -> str:
    return platform_address(installation).path.rsplit("/", 1)[0]


def files_of(installation: Installation) -> dict[str, bytes]:
    """The platform's files, by path within its folder."""
    folder = folder_of(installation)
    return {
        path.removeprefix(f"{folder}/"): content
        for path, content in published(installation).items()
        if path.startswith(folder) and "/.draft-" not in path
    }


def led_to(installation: Installation) -> set[str]:
    """All that the summary leads to, each checked against its name and place."""
    folder, found = folder_of(installation), {"summary.json"}
    entries = [each for kind in summary_of(installation)["pages"].values() for each in kind]
    while entries:
        entry = entries.pop()
        packed = installation.store.get(f"{folder}/{entry['path']}")
        assert packed is not None, f"{entry['path']} is listed and not there"
        text = gzip.decompress(packed)
        assert (len(packed), hashlib.sha256(text).hexdigest()[:12]) == (entry["bytes"], entry["path"].split(".")[1])
        found.add(entry["path"])
        page = json.loads(text)
        entries += page["pages"] if page["kind"].endswith("-index") else []
    return found


def current(sql: Sql) -> set[str]:
    """What the ledger holds as current."""
    return {
        str(path).split("/", 3)[3]
        for (path,) in sql("select path from pipeline.platform_files where superseded_at is null")
    }


def refusing(installation: Installation, monkeypatch: pytest.MonkeyPatch, part: str, error: BaseException) -> list[str]:
    """Have the store refuse what has `part` in its path; give the paths of what it takes."""
    taken: list[str] = []
    put = FileStore.put

    def refused(self: FileStore, path: str, content: bytes, **how: Any) -> str:
        if part in path:
            raise error
        version = put(self, path, content, **how)
        taken.append(path)
        return version

    monkeypatch.setattr(FileStore, "put", refused)
    return taken


# What is written, and when


def test_pages_come_first_then_the_summary_then_status(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_days(sql, "t1")
    subscription(sql)
    taken = refusing(ready, monkeypatch, "nothing", KeyError())
    assert run(ready, NOW).status.platform_files == 4
    ours = [path for path in taken if not path.startswith("v1/t/") and not describes(path)]
    assert [path.split("/")[-1].split(".")[0] for path in ours[-2:]] == ["summary", "status"]
    assert sorted(path.split("/")[3] for path in ours[:-2]) == ["daily", "mrr", "tenants"]
    assert led_to(ready) == set(files_of(ready)) == current(sql)
    assert {cache_control(path) for path in ours[:-2]} == {PAGE}
    assert cache_control(ours[-2]) == DASHBOARD


def test_nothing_is_written_twice(ready: Installation, sql: Sql) -> None:
    history(sql, rows=1200)
    first = run(ready, NOW)
    assert first.status.platform_files == len(files_of(ready))
    before, known = stamped(ready), sql("select * from pipeline.platform_files order by path")
    again = run(ready, NOW + timedelta(minutes=20))
    assert (again.status.platform_files, again.rollup.platform_days) == (0, 0)
    assert stamped(ready) == before
    assert sql("select * from pipeline.platform_files order by path") == known
    assert_settled(ready, sql, NOW)


def test_a_silent_platform_is_written_when_a_window_moves_and_not_every_hour(ready: Installation, sql: Sql) -> None:
    """Trap 22: the last hours go from the windows one by one; then nothing changes until midnight."""
    sql.tenant()
    sql.request("2026-03-08T10:00:00Z")
    assert run(ready, NOW).status.platform_files == 3
    written = [run(ready, NOW + step * HOUR).status.platform_files for step in range(1, 24)]
    assert [step for step, files in enumerate(written, start=1) if files] == [11]  # midnight in Lagos
    found, status = summary_of(ready), document(ready, "v1/status.json")
    assert (found["data_through"], status["data_through"]) == ("2026-03-10T23:00:00Z", "2026-03-11T11:00:00Z")
    assert found["seq"] < status["seq"]


def test_summary_and_status_are_as_of_the_same_hour(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    for step in range(5):
        sql.request((NOW + step * HOUR - timedelta(minutes=40)).isoformat())
        run(ready, NOW + step * HOUR)
        found, status = summary_of(ready), document(ready, "v1/status.json")
        assert found["data_through"] == found["health"]["data_through"] == status["data_through"]
        assert found["seq"] == status["seq"]
        assert found["periods"]["24h"]["requests"] == step + 1


def test_a_publish_behind_the_tick_is_as_of_what_it_says(ready: Installation, sql: Sql) -> None:
    """The tick is two hours further: the summary counts what status.json says, and catches up."""
    sql.tenant()
    for hour in (10, 11, 12, 13):
        sql.request(f"2026-03-10T{hour}:10:00Z")
    roll(ready, NOW + 2 * HOUR)
    publish(ready, NOW)
    announce(ready, NOW)
    found = summary_of(ready)
    assert (found["data_through"], found["periods"]["24h"]["requests"]) == ("2026-03-10T12:00:00Z", 2)
    assert found["health"]["lag_hours"] == 0
    announce(ready, NOW + 5 * HOUR)
    found = summary_of(ready)
    assert (found["data_through"], found["periods"]["24h"]["requests"]) == ("2026-03-10T14:00:00Z", 4)
    assert found["health"]["lag_hours"] == 3


def test_a_late_row_rewrites_its_month_and_no_other(ready: Installation, sql: Sql) -> None:
    """Trap 20: what it replaces is superseded in the ledger and stays in the store."""
    history(sql)
    run(ready, NOW)
    before = files_of(ready)
    sql.request("2026-01-15T10:00:00Z", "t1")
    run(ready, NOW)
    after = files_of(ready)
    assert {path.split(".")[0] for path in set(after) - set(before)} == {"daily/2026-01"}
    assert set(before) < set(after)
    superseded = sql("select kind, page from pipeline.platform_files where superseded_at is not null")
    assert superseded == [("daily", "2026-01")]
    assert led_to(ready) == current(sql) == set(after) - {path for path in before if path.startswith("daily/2026-01")}
    sql("delete from api_requests where created_at = '2026-01-15T10:00:00Z'")
    run(ready, NOW)
    assert led_to(ready) == set(before)
    assert set(files_of(ready)) == set(after), "the first version is current again under its own name"


def test_a_page_that_nothing_fills_any_more_is_gone(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-01-15T10:00:00Z")
    sql.request("2026-03-09T10:00:00Z")
    run(ready, NOW)
    sql("delete from api_requests where created_at < '2026-02-01'")
    run(ready, NOW)
    assert {path.split(".")[0] for path in led_to(ready)} == {"summary", "daily/2026-03", "tenants/1"}
    assert current(sql) == led_to(ready)


def test_months_that_are_not_listed_are_reached_by_the_index(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    months = [(date(2021 + n // 12, 1 + n % 12, 5)).isoformat() for n in range(62)]
    for day in months:
        sql.request(f"{day}T10:00:00Z")
    run(ready, NOW)
    listed = summary_of(ready)["pages"]["daily"]
    assert [each["path"].split(".")[0] for each in listed[:2]] == ["daily/2026-02", "daily/2026-01"]
    assert (len(listed), listed[-1]["path"].split(".")[0]) == (36, "daily/index")
    assert [day for page in pages_of(ready, "daily") for day in page["day"]] == months[::-1]
    assert led_to(ready) == set(files_of(ready)) == current(sql)
    assert run(ready, NOW).status.platform_files == 0


def test_tenants_come_in_pages_of_a_hundred(ready: Installation, sql: Sql) -> None:
    """Those who were not active come last, by id."""
    sql(
        "insert into tenants (id, name, plan) select 't' || to_char(n, 'fm000'), 'T', 'pro' from generate_series(1, 230) n"
    )
    sql.request("2026-03-09T10:00:00Z", "t200")
    run(ready, NOW)
    pages = pages_of(ready, "tenants")
    assert [len(page["rank"]) for page in pages] == [100, 100, 30]
    listed = [each["from_rank"] for each in summary_of(ready)["pages"]["tenants"]]
    assert listed == [page["rank"][0] for page in pages] == [1, 101, 201]
    expected = ["t200", *(f"t{n:03}" for n in range(1, 231) if n != 200)]
    assert [tenant for page in pages for tenant in page["tenant_id"]] == expected
    columns = set(pages[0]) - {"schema", "kind", "period", "currency"}
    assert {len(pages[2][name]) for name in columns} == {30}


# What fails


@pytest.mark.parametrize("part", ["summary.json", "daily/2026-03"])
def test_killed_between_pages_and_summary(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """The old summary leads to all that it lists; the next run writes what lacks, under names that the ledger knows."""
    some_days(sql, "t1", "t2")
    subscription(sql)
    run(ready, NOW)
    before = led_to(ready)
    sql.request("2026-03-09T11:00:00Z", "t2")
    with monkeypatch.context() as patched:
        refusing(ready, patched, f"{folder_of(ready)}/{part}", KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            run(ready, NOW)
    assert led_to(ready) == before == current(sql) | {"summary.json"}
    assert set(files_of(ready)) <= {
        str(path).split("/", 3)[3] for (path,) in sql("select path from pipeline.platform_files")
    }
    assert run(ready, NOW).status.platform_failure is None
    assert summary_of(ready)["periods"]["7d"]["requests"] == 15
    assert led_to(ready) == current(sql)
    assert_settled(ready, sql, NOW)


def test_killed_after_the_summary_and_before_it_is_noted(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 3: the row that it counted is gone when the next run looks: it must not take the old note for the truth."""
    some_days(sql, "t1")
    run(ready, NOW)
    [(added,)] = sql("insert into api_requests (tenant_id, created_at) values ('t1', '2026-03-09T11:00Z') returning id")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publishing, "_record", killed)
        with pytest.raises(KeyboardInterrupt):
            run(ready, NOW)
    assert summary_of(ready)["periods"]["7d"]["requests"] == 8
    sql("delete from api_requests where id = %s", added)
    run(ready, NOW)
    assert summary_of(ready)["periods"]["7d"]["requests"] == 7
    assert led_to(ready) == current(sql)


@pytest.mark.parametrize("error", [TransientError("503"), ValueError("no such thing")])
def test_a_failure_of_the_platform_holds_nobody_up_and_is_said(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    some_days(sql, "t1")
    run(ready, NOW)
    kept = summary_of(ready)
    sql.request("2026-03-10T11:00:00Z")
    with monkeypatch.context() as patched:
        refusing(ready, patched, "v1/platform/", error)
        report = run(ready, NOW)
    assert str(error) in str(report.status.platform_failure)
    assert publish_verb.describe_status(report.status) == [f"platform: {report.status.platform_failure}"]
    assert dashboard_of(ready)["periods"]["24h"]["api_usage"]["total"] == 1
    status = document(ready, "v1/status.json")
    assert status["stale"] == [public_name(platform_key(ready.secret))]
    assert summary_of(ready) == kept
    assert led_to(ready) == current(sql) | {"summary.json"}
    report = run(ready, NOW)
    assert (report.status.platform_failure, document(ready, "v1/status.json")["stale"]) == (None, [])
    assert summary_of(ready)["periods"]["24h"]["requests"] == 1


def test_a_publisher_that_lost_its_slots_writes_no_summary(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 5: whoever took over writes the newer one; what is old must not follow it."""
    some_days(sql, "t1")

    def losing(*given: Any, **more: Any) -> Any:
        sql.cut_publishers()
        return platform_shape(*given, **more)

    monkeypatch.setattr(publishing, "shape", losing)
    with pytest.raises(TransientError):
        run(ready, NOW)
    assert [path for path in published(ready) if "platform" in path or "status" in path] == []


# Who may read what


def test_no_file_holds_the_key_of_another_folder(ready: Installation, sql: Sql) -> None:
    """Trap 14: not the platform's in a tenant's file or in status.json, and no tenant's in the platform's."""
    for name in ("t1", "1", "10", "../x", "Ünï'\"\\<&>", "platform", ""):
        sql.tenant(name)
        sql.request("2026-03-10T10:00:00Z", name)
    sql.tenant("lost", timezone="Mars/Olympus")
    run(ready, NOW)
    platform = platform_key(ready.secret)
    names = [str(name) for (name,) in sql("select id from tenants")]
    keys = {tenant_key(ready.secret, name) for name in names}
    assert platform not in keys | {tenant_key(ready.secret, name, 2) for name in names}
    for path, packed in published(ready).items():
        text = gzip.decompress(packed).decode()
        own = path.split("/")[2] if path.count("/") > 1 else "nobody"
        assert not [key for key in (keys | {platform}) - {own} if key in text], path
        assert own not in text, path
    top = summary_of(ready)["periods"]["24h"]["top_tenants"]
    assert sorted(each["tenant_id"] for each in top) == sorted(set(names) - {"lost"})


def test_names_arrive_as_they_are_and_the_deleted_and_unknown_have_none(ready: Installation, sql: Sql) -> None:
    strange = 'O\'Reilly "& Söhne" ₦ \u202e\u2028\\ 株式会社 \U0001f600'
    sql.tenant("t1", plan="1E+3")
    sql.tenant("gone", deleted_at="2026-03-09T00:00Z")
    sql("update tenants set name = case id when 't1' then %s else 'Secret Ltd' end where id in ('t1', 'gone')", strange)
    sql.tenant("idle")
    sql.tenant("deleted-idle", deleted_at="2026-03-09T00:00Z")
    for tenant in ("t1", "gone", "nobody-yet"):
        sql.request("2026-03-09T10:00:00Z", tenant)
    run(ready, NOW)
    top = summary_of(ready)["periods"]["7d"]["top_tenants"]
    assert [(each["tenant_id"], each["name"], each["plan"]) for each in top] == [
        ("gone", None, None),
        ("nobody-yet", None, None),
        ("t1", strange, "1E+3"),
    ]
    [page] = pages_of(ready, "tenants")
    assert page["tenant_id"] == ["gone", "nobody-yet", "t1", "idle"]
    assert not [path for path, packed in published(ready).items() if b"Secret Ltd" in gzip.decompress(packed)]


# Currencies, zones, digits


def test_money_is_strings_in_the_digits_of_the_currency(ready: Installation, sql: Sql) -> None:
    """A currency without digits, amounts at both ends of what is stored, and no exponent or float among them."""
    other = installation_on(address_of(ready), ready.settings.home, TENANTCAST_CURRENCY="JPY")
    price(sql, currency="JPY", amount="1000000000000000000000", unit_size="1")
    price(sql, item="ai_tokens_tiny", currency="USD", amount="0.0000001")
    sql("insert into fx_rates values ('USD', 'JPY', 155.5, '2026-03-01', 'x')")
    sql.tenant()
    sql.usage("2026-03-09T10:00:00Z", amount=10**15)
    sql.usage("2026-03-08T10:00:00Z", quota_type="ai_tokens_tiny", amount="0.3")
    sql.usage("2026-03-08T10:00:00Z", quota_type="ai_tokens_tiny", amount="0.3")
    subscription(sql, monthly_amount="1000", currency="JPY")
    subscription(sql, tenant_id="t2", monthly_amount="0.5", currency="JPY", plan="half")
    subscription(sql, tenant_id="t3", monthly_amount="0.5", currency="JPY", plan="other")
    run(other, NOW)
    week = summary_of(other)["periods"]["7d"]
    assert week["cost"]["total"] == "1000000000000000000000000000000000000"
    assert week["daily"]["cost"][5:] == ["0", "1000000000000000000000000000000000000"]
    assert (week["mrr"]["total"], week["mrr"]["arpa"]) == ("1001", "334")
    assert [each["revenue"] for each in week["mrr"]["by_plan"]] == ["1000", "1", "0"]
    assert week["ai_tokens"] == 10**15 + 0.6
    for packed in files_of(other).values():
        assert_money(json.loads(gzip.decompress(packed)))
    other.database.engine.dispose()


def assert_money(value: Any, name: str = "") -> None:
    """Whatever is called as money is, at any depth, is a plain decimal string or null."""
    if isinstance(value, dict):
        for key, held in value.items():
            assert_money(held, key)
    elif isinstance(value, list):
        for held in value:
            assert_money(held, name)
    elif name in MONEY_FIELDS:
        assert value is None or (isinstance(value, str) and MONEY.fullmatch(value)), (name, value)


def test_money_is_money_on_every_page(ready: Installation, sql: Sql) -> None:
    history(sql)
    rate(sql, "2026-03-01", "1500.123456")
    subscription(sql, tenant_id="t4", monthly_amount="0.333333", currency="USD")
    run(ready, NOW)
    for packed in files_of(ready).values():
        assert_money(json.loads(gzip.decompress(packed)))


def test_every_day_of_the_mrr_pages_adds_up(ready: Installation, sql: Sql) -> None:
    """Opening + movements = closing, each opening is the closing before, the plans of a day add up: all as written."""
    history(sql)
    rate(sql, "2026-01-01", "1500.1")
    rate(sql, "2026-02-11", "1500.7")
    subscription(sql, tenant_id="t4", monthly_amount="0.333333", currency="USD", started_at="2026-01-20T00:00Z")
    run(ready, NOW)
    closing, days = "0.00", 0
    for page in reversed(pages_of(ready, "mrr")):
        assert page["definition"] == "default-1"
        plans: dict[str, int] = {}
        for day, amount in zip(page["plans"]["day"], page["plans"]["mrr"], strict=True):
            plans[day] = plans.get(day, 0) + kobo(amount)
        for place, day in enumerate(page["day"]):
            moves = [kobo(page[name][place]) for name in sorted(MONEY_FIELDS & set(page) - {"opening", "closing"})]
            assert (len(moves), page["opening"][place]) == (6, closing), day
            assert kobo(closing) + sum(moves) == kobo(page["closing"][place]) == plans[day], day
            closing, days = page["closing"][place], days + 1
    assert days > 50
    assert closing == summary_of(ready)["periods"]["7d"]["mrr"]["total"]


def kobo(amount: str) -> int:
    whole, _, part = amount.partition(".")
    assert len(part) == 2
    return int(whole + part)


def test_another_zone_of_the_platform_moves_all_that_is_by_day(ready: Installation, sql: Sql) -> None:
    sql.tenant()
    sql.request("2026-03-08T23:30:00Z")  # the 9th in Lagos
    sql.request("2026-03-09T23:30:00Z")  # today there
    run(ready, NOW)
    assert summary_of(ready)["periods"]["7d"]["daily"]["requests"] == [0] * 6 + [1]
    other = installation_on(address_of(ready), ready.settings.home, TENANTCAST_TIMEZONE="America/New_York")
    run(other, NOW)
    found = summary_of(other)
    assert (found["timezone"], found["periods"]["7d"]["end"]) == ("America/New_York", "2026-03-10T04:00:00Z")
    assert found["periods"]["7d"]["daily"]["requests"] == [0] * 5 + [1, 1]
    [page] = pages_of(other, "daily")
    assert (page["day"], page["from"], page["to"]) == (
        ["2026-03-08", "2026-03-09"], "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z",
    )  # fmt: skip
    assert run(other, NOW).status.platform_files == 0
    other.database.engine.dispose()


def test_another_store_and_another_secret_get_all_of_it(ready: Installation, sql: Sql, tmp_path: Any) -> None:
    some_days(sql, "t1")
    subscription(sql)
    run(ready, NOW)
    moved = installation_on(address_of(ready), ready.settings.home, TENANTCAST_STORE_URL=f"file://{tmp_path}/elsewhere")
    assert run(moved, NOW).status.platform_files == 4
    assert led_to(moved) == current(sql)
    rekeyed = installation_on(address_of(ready), ready.settings.home, TENANTCAST_SECRET="f" * 32)
    assert run(rekeyed, NOW).status.platform_files == 4
    assert folder_of(rekeyed) != folder_of(ready)
    assert led_to(rekeyed) == current(sql)
    for each in (moved, rekeyed):
        each.database.engine.dispose()


def test_the_frontend_page_names_every_field_of_the_summary_and_its_pages(ready: Installation, sql: Sql) -> None:
    history(sql)
    run(ready, NOW)
    found = summary_of(ready)
    text = (ROOT / "docs" / "frontend.md").read_text(encoding="utf-8").partition("## The platform: summary.json")[2]
    week = found["periods"]["7d"]
    named = {*found, *week, *week["cost"], *week["mrr"], *week["top_tenants"][0], *week["daily"], *found["health"]}
    for kind in found["pages"]:
        named |= set(pages_of(ready, kind)[0])
    known = {"schema", "kind", "period", *MOVEMENTS}
    assert [name for name in sorted(named - known) if f"`{name}" not in text] == []


@pytest.mark.parametrize(
    ("page", "harm"),
    [
        ("summary", "gone"),
        ("summary", "edited"),
        ("daily/2026-03", "cut"),
        ("mrr/2026-03", "gone"),
        ("tenants/1", "unnamed"),
    ],
)
def test_reconcile_finds_and_mends_what_happened_to_a_file(ready: Installation, sql: Sql, page: str, harm: str) -> None:
    some_days(sql, "t1")
    subscription(sql)
    run(ready, NOW)
    before = files_of(ready)
    [name] = [each for each in before if each.startswith(f"{page}.")]
    path = ready.settings.home / "public" / folder_of(ready) / name
    if harm == "gone":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(before[name][:-9])
    elif harm == "edited":
        path.write_bytes(gzip.compress(gzip.decompress(before[name]).replace(b'"3', b'"4').replace(b"1000", b"2000")))
    else:
        path.with_name(f"{path.name}.gz").unlink()
    found = reconcile(ready)
    assert not found.agrees
    assert [each.to_json()["path"] for each in found.files.differences] == [f"platform/{page}"]
    assert not any(platform_key(ready.secret) in line for line in found.lines())
    assert reconcile(ready, repair=True).agrees
    after = files_of(ready)
    assert {each: content for each, content in after.items() if each != "summary.json"} == {
        each: content for each, content in before.items() if each != "summary.json"
    }
    assert (led_to(ready), reconcile(ready).agrees) == (current(sql), True)


def test_reconcile_misses_a_summary_that_was_never_written(
    ready: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_days(sql, "t1")
    roll(ready, NOW)
    assert [each.kind for each in reconcile(ready).files.differences] == []
    with monkeypatch.context() as patched:
        refusing(ready, patched, "v1/platform/", TransientError("The store is away."))
        run(ready, NOW)
    found = reconcile(ready)
    assert [(each.kind, each.what) for each in found.files.differences] == [("platform/summary", "should be there")]
    assert not found.agrees
    assert reconcile(ready, repair=True).agrees
    assert led_to(ready) == current(sql)
