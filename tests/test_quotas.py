"""Quotas: used, status and projection, exact to the edge; what is published is what the rows give."""
from tests.conftest import NOW, Sql, dashboard_of
from pipeline.run import run

def test_x(ready, sql: Sql):
    sql.tenant()
    sql("insert into quotas values ('t1','api_calls',10,'month',null),('t1','ai_tokens_m-1',1000,'day',null)")
    sql.request("2026-03-02T10:00:00Z")
    sql.request("2026-02-22T10:00:00Z")
    sql.request("2026-03-10T10:00:00Z")
    sql.usage("2026-03-10T10:00:00Z")
    run(ready, NOW)
    import json
    d = dashboard_of(ready)
    print(json.dumps([d["quota_status"], d["other_quotas"]], indent=1))
    assert 0
