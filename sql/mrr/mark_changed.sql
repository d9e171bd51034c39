-- One row: how many days changed; the platform's sums of them are to be made anew.
with changed as (
    insert into pipeline.marked_platform_days (day)
    select distinct day from mrr_changed_days
    returning day
)

select count(*) as days from changed
