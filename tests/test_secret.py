"""Another secret: addresses under the previous one are kept up while it is named, and closed once it is not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.doctor.examination import examine
from pipeline.errors import SettingsError, TransientError
from pipeline.export.exporting import export
from pipeline.installation import Installation
from pipeline.publish.closing import close_former
from pipeline.publish.keys import address, export_folder, platform_address, platform_key, public_name
from pipeline.publish.rotating import rotate
from pipeline.reconcile import strays
from pipeline.reconcile.files import compare_files, repair_files
from pipeline.reconcile.reconciling import reconcile
from pipeline.run import run
from pipeline.settings import load_settings
from tests.checks import stamped
from tests.conftest import NOW, Contents, Sql, address_of, document, environment_of, installation_on, published

HOUR = timedelta(hours=1)
NEW = "fedcba9876543210fedcba9876543210"
TENANTS = ("1", "10")


def fill(ready: Installation, sql: Sql) -> None:
    """Two tenants with files, 1 and 10, and the export, under the first secret."""
    for tenant in TENANTS:
        sql.tenant(tenant)
        sql.request("2026-03-08T10:00:00Z", tenant)
    run(ready, NOW)
    export(ready)


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it."""
    return fill if "up" in request.fixturenames else None


@pytest.fixture
def up(ready: Installation) -> Installation:
    """What `fill` has made."""
    return ready


@pytest.fixture
def both(up: Installation) -> Iterator[Installation]:
    """The same under another secret, with the first one named as the previous one."""
    made = under(up, NEW, previous=str(up.settings.secret))
    yield made
    made.database.engine.dispose()


@pytest.fixture
def new(up: Installation) -> Iterator[Installation]:
    """The same under the other secret alone."""
    made = under(up, NEW)
    yield made
    made.database.engine.dispose()


def under(installation: Installation, secret: str, previous: str | None = None) -> Installation:
    more = {"TENANTCAST_PREVIOUS_SECRET": previous} if previous else {}
    return installation_on(address_of(installation), installation.settings.home, TENANTCAST_SECRET=secret, **more)


def below(installation: Installation, path: str) -> dict[str, bytes]:
    """The files of a folder, by their paths in it."""
    folder = path.rsplit("/", 1)[0] + "/"
    return {
        name.removeprefix(folder): content
        for name, content in published(installation).items()
        if name.startswith(folder)
    }


def requests(installation: Installation, path: str) -> int:
    """What a reader of an address sees: today's requests, after it has fetched every page that is listed."""
    found = document(installation, path)
    folder = path.rsplit("/", 1)[0]
    for pages in found["pages"].values():
        for page in pages:
            document(installation, f"{folder}/{page['path']}")
    total: int = found["periods"]["24h"]["api_usage"]["total"]
    return total


def age(sql: Sql) -> None:
    for ledger in ("files", "platform_files", "exports"):
        sql(f"update pipeline.{ledger} set superseded_at = superseded_at - interval '1 month'")


def test_readers_of_old_addresses_get_current_numbers_until_the_secret_is_named_no_longer(
    up: Installation, both: Installation, new: Installation, sql: Sql
) -> None:
    old = {tenant: address(up, tenant).path for tenant in TENANTS}
    run(both, NOW)
    assert {path: requests(both, path) for path in old.values()} == dict.fromkeys(old.values(), 0)
    sql.request("2026-03-10T12:10:00Z", "1")
    run(both, NOW + HOUR)
    for tenant, count in (("1", 1), ("10", 0)):
        assert requests(both, old[tenant]) == requests(both, address(both, tenant).path) == count
        assert document(both, old[tenant])["pages"] == document(both, address(both, tenant).path)["pages"]
    summaries = [document(both, platform_address(each).path) for each in (up, both)]
    assert [each["periods"]["24h"]["requests"] for each in summaries] == [1, 1]
    assert reconcile(both).agrees
    before = stamped(both)
    assert run(both, NOW + HOUR).publish.files_written == 0
    assert stamped(both) == before

    ours = below(both, address(both, "1").path)
    run(new, NOW + HOUR)
    assert run(new, NOW + HOUR).status.collected == 0
    for tenant in TENANTS:
        left = below(new, old[tenant])
        assert "dashboard.json" not in left, "who asks for it would take it for true"
        assert left, "a dashboard that is cached leads to its pages"
        assert requests(new, address(new, tenant).path) == (tenant == "1")
    assert new.store.get(platform_address(up).path) is None
    assert reconcile(new).agrees
    age(sql)
    run(new, NOW + HOUR)
    assert [below(new, path) for path in (*old.values(), platform_address(up).path)] == [{}, {}, {}]
    assert below(new, address(new, "1").path) == ours
    assert reconcile(new).agrees


def test_the_export_is_kept_up_under_both_and_its_manifest_goes_before_its_files(
    up: Installation, both: Installation, new: Installation, sql: Sql
) -> None:
    old = f"{export_folder(up.secret)}/manifest.json"
    sql.request("2026-03-10T11:10:00Z", "1")
    run(both, NOW)
    export(both)
    ours = f"{export_folder(both.secret)}/manifest.json"
    assert document(both, old) == document(both, ours)
    listed = {file["path"] for file in document(both, old)["files"]}
    assert listed <= set(below(both, old))
    assert sum(table.months_written for table in export(both).tables.values()) == 0
    age(sql)
    assert export(both).collected > 0, "the month of before"
    assert listed | {"manifest.json"} == set(below(both, old))

    export(new)
    assert listed | {"manifest.json"} == set(below(new, old)), "it can be read for as long as any file"
    age(sql)
    gone: list[str] = []
    delete = new.store.delete
    new.store.delete = lambda path: (gone.append(path), delete(path))[1]  # type: ignore[method-assign]
    export(new)
    assert gone[0] == old
    assert below(new, old) == {}
    assert {file["path"] for file in document(new, ours)["files"]} | {"manifest.json"} == set(below(new, ours))


def test_a_rotation_is_ended_at_once_when_asked_for(
    up: Installation,
    both: Installation,
    new: Installation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(both, NOW)
    export(both)
    old = [address(up, "1").path, address(up, "10").path, platform_address(up).path, f"{export_folder(up.secret)}/x"]
    with pytest.raises(SettingsError, match="TENANTCAST_PREVIOUS_SECRET is still set"):
        close_former(both)
    assert all(below(both, path) for path in old)
    ours = [
        address(new, "1").path,
        address(new, "10").path,
        platform_address(new).path,
        f"{export_folder(new.secret)}/x",
    ]
    before = [below(new, path) for path in ours]
    for name, value in environment_of(new).items():
        monkeypatch.setenv(name, value)
    assert main(["url", "--end-rotation", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["removed"], told["left"]) == (sum(map(len, before)) - 1, 0), "all but the manifest are in a ledger"
    assert [below(new, path) for path in old] == [{}, {}, {}, {}]
    assert [below(new, path) for path in ours] == before
    assert run(new, NOW).publish.files_written == 0
    assert reconcile(new).agrees
    assert close_former(new).removed == 0


def test_a_leaked_secret_is_replaced_and_its_addresses_closed_in_two_steps(up: Installation, new: Installation) -> None:
    old = address(up, "1").path
    assert close_former(new).left == 15, "nothing is up in their place: tenants keep their files"
    assert below(new, old)
    run(new, NOW)
    assert close_former(new).left == 0
    assert below(new, old) == {}
    assert requests(new, address(new, "1").path) == 0


def test_reconcile_leaves_files_of_before_alone_however_many_are_listed(
    up: Installation, new: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where files are listed a few at a time, none of their tenant's new ones need be among them."""
    monkeypatch.setattr(strays, "BATCH", 2)
    old = address(up, "1").path
    run(new, NOW)
    kept = below(new, old)
    for tenants in (None, ["1"]):
        report = compare_files(new, tenants)
        assert report.to_json()["differences"] == []
        repair_files(new, report)
    assert below(new, old) == kept != {}


def test_a_previous_secret_that_is_named_late_brings_its_addresses_up_again(
    up: Installation, both: Installation, new: Installation, sql: Sql
) -> None:
    run(new, NOW)
    sql.request("2026-03-10T12:10:00Z", "1")
    run(new, NOW + HOUR)
    assert requests(new, address(up, "1").path) == 0, "as it was"
    run(both, NOW + HOUR)
    assert requests(both, address(up, "1").path) == 1
    assert reconcile(both).agrees
    age(sql)
    run(both, NOW + HOUR)
    assert requests(both, address(up, "1").path) == 1


def test_back_to_the_secret_of_before(up: Installation, both: Installation, sql: Sql) -> None:
    run(both, NOW)
    back = under(up, str(up.settings.secret), previous=NEW)
    sql.request("2026-03-10T12:10:00Z", "10")
    run(back, NOW + HOUR)
    assert [requests(back, address(each, "10").path) for each in (up, both)] == [1, 1]
    age(sql)
    run(back, NOW + HOUR)
    assert [requests(back, address(each, "10").path) for each in (up, both)] == [1, 1]
    assert reconcile(back).agrees
    back.database.engine.dispose()


def test_a_tenant_that_cannot_be_written_under_its_old_key_is_stale_under_both(
    up: Installation, both: Installation, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, put = address(up, "1"), both.store.put
    sql.request("2026-03-10T11:10:00Z", "1")

    def failing(path: str, content: bytes, **how: Any) -> str:
        if path == old.path:
            raise TransientError("the line is cut")
        return put(path, content, **how)

    with monkeypatch.context() as patched:
        patched.setattr(both.store, "put", failing)
        report = run(both, NOW)
    assert report.publish.failures == {"1": "the line is cut"}
    assert document(both, "v1/status.json")["stale"] == sorted(
        public_name(key) for key in (old.key, address(both, "1").key)
    )
    assert run(both, NOW).status.stale == []
    assert reconcile(both).agrees


def test_a_tenant_rotated_meanwhile_loses_all_older_addresses(up: Installation, both: Installation, sql: Sql) -> None:
    run(both, NOW)
    old = [address(up, "1").path, address(both, "1").path]
    others = below(both, address(up, "10").path)
    rotate(both, "1", at_once=True)
    assert [below(both, path) for path in old] == [{}, {}]
    assert below(both, address(up, "10").path) == others
    assert reconcile(both).agrees


def test_a_deleted_tenant_goes_under_both(up: Installation, both: Installation, sql: Sql) -> None:
    run(both, NOW)
    sql("update tenants set deleted_at = now() where id = '1'")
    run(both, NOW + HOUR)
    assert [below(both, address(each, "1").path) for each in (up, both)] == [{}, {}]
    assert requests(both, address(up, "10").path) == 0


def test_doctor_says_where_a_rotation_stands(up: Installation, both: Installation, new: Installation) -> None:
    def told(installation: Installation) -> list[tuple[str, str]]:
        return [(each.severity, each.what) for each in examine(installation).findings if each.name == "rotation"]

    assert told(up) == []
    run(both, NOW)
    assert told(both) == [("note", "addresses under TENANTCAST_PREVIOUS_SECRET are kept up too, of 2 tenants")]
    run(new, NOW)
    assert told(new) == [("note", "10 files of tenants left under the keys of an earlier secret")]
    close_former(new)
    assert told(new) == []


def test_tenants_that_have_not_moved_are_named(up: Installation, new: Installation, sql: Sql) -> None:
    sql("update tenants set timezone = 'Nowhere/At_all' where id = '1'")
    run(new, NOW)
    found = [each for each in examine(new).findings if each.name == "rotation" and each.severity == "warning"]
    assert [each.what for each in found] == ["1 tenant has files only under the keys of an earlier secret"]


@pytest.mark.parametrize(
    ("given", "says"),
    [("0123456789abcdef0123456789abcdef", "the same as TENANTCAST_SECRET"), ("short", "too short to be safe")],
)
def test_a_previous_secret_that_makes_no_sense_is_refused(given: str, says: str) -> None:
    secret = {"TENANTCAST_SECRET": "0123456789abcdef0123456789abcdef"}
    with pytest.raises(SettingsError, match=f"TENANTCAST_PREVIOUS_SECRET: {says}"):
        load_settings(secret | {"TENANTCAST_PREVIOUS_SECRET": given})
    assert given not in repr(load_settings(secret | {"TENANTCAST_PREVIOUS_SECRET": given * 16 + "x"}))


def test_a_previous_secret_that_is_the_one_in_var_is_refused(tmp_path: Path) -> None:
    own = Installation(load_settings({"TENANTCAST_HOME": str(tmp_path)})).secret.decode()
    again = Installation(load_settings({"TENANTCAST_HOME": str(tmp_path), "TENANTCAST_PREVIOUS_SECRET": own}))
    with pytest.raises(SettingsError, match="TENANTCAST_PREVIOUS_SECRET: the same as the secret in use") as caught:
        _ = again.secrets
    assert own not in str(caught.value)


def test_no_key_is_in_what_is_published(up: Installation, both: Installation) -> None:
    run(both, NOW)
    keys = [address(each, tenant).key for each in (up, both) for tenant in TENANTS]
    keys += [platform_key(each.secret) for each in (up, both)]
    assert len(set(keys)) == 6
    for path, content in published(both).items():
        if path.endswith(".json"):
            assert not any(key.encode() in gzip.decompress(content) for key in keys), path
