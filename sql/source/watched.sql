select oid::bigint as oid
from pipeline.watched
where oid = any(cast(:oids as oid []))
