from pipeline.publish.keys import platform_address
from pipeline.run import run
from tests.conftest import *


def test_try(ready, sql):
    for t in ("t1", "t2", "t3"):
        sql.tenant(t)
        for d in range(1, 10):
            sql.request(f"2026-03-0{d}T10:00:00Z", t)
            sql.usage(f"2026-03-0{d}T10:00:00Z", t)
    sql("insert into rollup.mrr_daily values ('2026-03-09','pro',3,3,30.5,0),('2026-03-10','pro',3,3,30.5,0)")
    sql("insert into rollup.mrr_movements values ('2026-03-09','t1','new',30.5)")
    sql("insert into pipeline.marked_platform_days values ('2026-03-09'),('2026-03-10')")
    r = run(ready, NOW)
    print(r.status)
    d = document(ready, platform_address(ready).path)
    print(json.dumps(d, indent=1))
    r = run(ready, NOW)
    print(r.status)
    assert 0
