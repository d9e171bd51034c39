-- One row: one kind of file, of the tenants or of the platform: what is up of it, and what waits to be collected.
with
-- One row: one file in the store, apart from those that are kept up under the keys of the previous secret.
files as (
    select
        'tenants' as owner,
        kind,
        bytes,
        superseded_at is null as is_up
    from pipeline.files
    where not is_former
    union all
    select
        'platform' as owner,
        kind,
        bytes,
        superseded_at is null as is_up
    from pipeline.platform_files
    where not is_former
)

select
    owner,
    kind,
    count(*) filter (where is_up) as files,
    coalesce(sum(bytes) filter (where is_up), 0)::bigint as bytes,
    percentile_disc(0.5) within group (order by bytes) filter (where is_up) as median,
    max(bytes) filter (where is_up) as largest,
    count(*) filter (where not is_up) as superseded,
    coalesce(sum(bytes) filter (where not is_up), 0)::bigint as superseded_bytes
from files
group by owner, kind
order by owner = 'platform', kind not in ('dashboard', 'summary'), kind
