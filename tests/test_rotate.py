"""`url --rotate`: one tenant gets another address, and the old one closes, at once or after a time."""

from __future__ import annotations

import json

import pytest

from pipeline.cli import main
from pipeline.errors import BusyError, PermanentError
from pipeline.installation import Installation
from pipeline.publish import publisher
from pipeline.publish.keys import address
from pipeline.publish.publisher import slots_held
from pipeline.publish.rotating import rotate
from pipeline.reconcile.reconciling import reconcile
from pipeline.run import run
from tests.checks import reachable
from tests.conftest import NOW, Contents, Sql, address_of, document, environment_of, installation_on, published
from tests.contracts import describes


def fill(ready: Installation, sql: Sql) -> None:
    """Two tenants with files, 1 and 10, of which one name begins with the other."""
    for tenant in ("1", "10"):
        sql.tenant(tenant)
        sql.request("2026-03-08T10:00:00Z", tenant)
    run(ready, NOW)


@pytest.fixture
def contents(request: pytest.FixtureRequest) -> Contents | None:
    """Made once for all tests that begin with it."""
    return fill if "up" in request.fixturenames else None


@pytest.fixture
def up(ready: Installation) -> Installation:
    """What `fill` has made."""
    return ready


def below(installation: Installation, path: str) -> dict[str, bytes]:
    folder = path.rsplit("/", 1)[0]
    return {name: content for name, content in published(installation).items() if name.startswith(folder)}


def test_a_tenant_has_another_address_and_the_old_one_stays_for_a_time(up: Installation, sql: Sql) -> None:
    old, other = address(up, "1"), address(up, "10")
    before, others = below(up, old.path), below(up, other.path)
    new = rotate(up, "1", at_once=False).address
    assert new.key != old.key
    assert address(up, "1") == new
    assert document(up, new.path)["tenant"]["id"] == "1"
    assert below(up, old.path) == before
    assert below(up, other.path) == others
    assert reconcile(up).agrees
    sql("update pipeline.files set superseded_at = superseded_at - interval '1 month'")
    assert run(up, NOW).status.collected == len(before)
    assert below(up, old.path) == {}
    assert below(up, other.path) == others
    assert document(up, new.path)["tenant"]["id"] == "1"


def test_at_once_nothing_is_left_under_any_old_address(up: Installation, sql: Sql) -> None:
    first = address(up, "1")
    others = below(up, address(up, "10").path)
    second = rotate(up, "1", at_once=False).address
    done = rotate(up, "1", at_once=True)
    assert done.removed == 12
    assert below(up, first.path) == below(up, second.path) == {}
    assert below(up, address(up, "10").path) == others
    assert sql("select count(*) from pipeline.files where superseded_at is not null") == [(0,)]
    assert {path for path in reachable(up) if path.startswith(done.address.path.rsplit("/", 1)[0])}
    assert reconcile(up).agrees
    assert run(up, NOW).publish.files_written == 0


def test_a_new_secret_gives_all_of_them_another_address(up: Installation, sql: Sql) -> None:
    old = {tenant: address(up, tenant).path for tenant in ("1", "10")}
    kept = {tenant: below(up, path) for tenant, path in old.items()}
    other = installation_on(address_of(up), up.settings.home, TENANTCAST_SECRET="fedcba9876543210fedcba9876543210")
    run(other, NOW)
    for tenant, path in old.items():
        new = address(other, tenant)
        assert new.path != path
        assert document(other, new.path)["tenant"]["id"] == tenant
        assert below(other, path) == kept[tenant]
    sql("update pipeline.files set superseded_at = superseded_at - interval '1 month'")
    sql("update pipeline.platform_files set superseded_at = superseded_at - interval '1 month'")
    assert run(other, NOW).status.collected == 2 * 6 + 3
    assert all(below(other, path) == {} for path in old.values())
    assert len([path for path in published(other) if not describes(path)]) == 2 * 6 + 3 + 1
    assert reconcile(other).agrees
    other.database.engine.dispose()


def test_a_tenant_that_cannot_be_published_keeps_its_old_files(up: Installation, sql: Sql) -> None:
    old = below(up, address(up, "1").path)
    sql("update tenants set timezone = 'Nowhere/At_all' where id = '1'")
    run(up, NOW)
    with pytest.raises(PermanentError, match="nothing could be published there, so its old files stay"):
        rotate(up, "1", at_once=True)
    sql("update pipeline.files set superseded_at = superseded_at - interval '1 month'")
    assert run(up, NOW).status.collected == 0
    assert old.items() <= published(up).items()


def test_while_a_publisher_is_at_work_the_address_stays(up: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher, "PATIENCE", 0.0)
    before = address(up, "1")
    with slots_held(up.database), pytest.raises(BusyError, match="The address stays as it is"):
        rotate(up, "1", at_once=True)
    assert address(up, "1") == before


def test_the_verb_prints_the_new_address_and_until_when_the_old_one_can_be_read(
    up: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment_of(up).items():
        monkeypatch.setenv(name, value)
    assert main(["url", "1", "--rotate"]) == 0
    shown = capsys.readouterr()
    assert shown.out.strip() == address(up, "1").url
    assert "the old address can be read, as it is now, until 20" in shown.err
    assert main(["url", "1", "--rotate", "--now", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["key"], told["removed"]) == (address(up, "1").key, 12)
    for wrong, says in (
        (["url", "--platform", "--rotate"], "--rotate is for a tenant"),
        (["url", "1", "--now"], "--now goes with --rotate"),
    ):
        assert main(wrong) == 2
        assert says in capsys.readouterr().err
    assert main(["url", "nobody", "--rotate"]) == 1
    assert "Tenant 'nobody' is not known" in capsys.readouterr().err
