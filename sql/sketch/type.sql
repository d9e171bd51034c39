-- DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees",
-- VLDB 2019) with relative accuracy 0.01: gamma = (1 + 0.01) / (1 - 0.01),
-- ln(gamma) = 0.020000666706669525, 2 / (gamma + 1) = 0.99. A duration x in ms has the key
-- ceil(ln(x) / ln(gamma)); a key stands for the value 2 * gamma ^ key / (gamma + 1). Zero has a key of its own, below
-- all others.
do $$
begin
    create type rollup.sketch as (
        min_us bigint,
        max_us bigint,
        keys smallint [],
        counts bigint []
    );
exception when duplicate_object then null;
end
$$;
comment on type rollup.sketch is
'Durations as a DDSketch of relative accuracy 0.01: extremes in microseconds, and counts by key, keys ascending.';

create or replace function rollup.sketch_key(duration_us bigint) returns smallint
language sql immutable parallel safe
as $$
select
    (case
        when duration_us > 0 then ceil(ln(duration_us / 1000::double precision) / 0.020000666706669525)
        else -32768
    end)::smallint
$$;
comment on function rollup.sketch_key is 'Key of a duration in whole microseconds; -32768 for zero.';

create or replace function rollup.sketch_value(key smallint) returns double precision
language sql immutable parallel safe
as $$
select case when key = -32768 then 0 else exp(key * 0.020000666706669525::double precision) * 0.99 end
$$;
comment on function rollup.sketch_value is 'Duration in ms that a key stands for.';

create or replace function rollup.quantile(sketch rollup.sketch, q double precision) returns double precision
language plpgsql immutable strict parallel safe
as $$
declare
    target bigint;
    seen bigint := 0;
begin
    if not q between 0 and 1 then
        raise exception 'rollup.quantile: q is %, it must lie between 0 and 1 (0.95 for the 95th percentile)', q
        using errcode = 'numeric_value_out_of_range';
    end if;
    select greatest(1, ceil(q * sum(c.n)::double precision)) into target from unnest(sketch.counts) as c (n);
    for i in 1 .. cardinality(sketch.keys) loop
        seen := seen + sketch.counts[i];
        if seen >= target then
            return least(
                greatest(rollup.sketch_value(sketch.keys[i]), sketch.min_us / 1000::double precision),
                sketch.max_us / 1000::double precision
            );
        end if;
    end loop;
    return null;
end
$$;
comment on function rollup.quantile is
'Duration in ms at quantile q (0 to 1): within 1 % of the nearest-rank value, never outside [min, max].';

create or replace function rollup.merge_collected(sketches rollup.sketch[]) returns rollup.sketch
language sql immutable parallel safe
as $$
with parts as (
    select
        s.min_us,
        s.max_us,
        s.keys,
        s.counts
    from unnest(sketches) as s
    where s.keys is not null
),

-- One row: one key of the merged sketch.
keyed as (
    select
        k.key,
        sum(k.n)::bigint as n
    from parts as p
    cross join unnest(p.keys, p.counts) as k (key, n)
    group by k.key
)

select
    row(
        (select min(p.min_us) from parts as p),
        (select max(p.max_us) from parts as p),
        array_agg(k.key order by k.key),
        array_agg(k.n order by k.key)
    )::rollup.sketch
from keyed as k
having count(*) > 0
$$;
comment on function rollup.merge_collected is 'Merges many sketches at once; the last step of rollup.merge.';

-- Collecting the states and merging them once at the end costs far less than merging them pairwise.
-- noqa: disable=PRS
create or replace aggregate rollup.merge(rollup.sketch) (
    sfunc = array_append,
    stype = rollup.sketch [],
    initcond = '{}',
    combinefunc = array_cat,
    finalfunc = rollup.merge_collected,
    parallel = safe
);
comment on aggregate rollup.merge(rollup.sketch) is 'Merges sketches; exact, in any order. Null of none.';
