with taken as (
    delete from pipeline.marked_platform_days
    returning day
)

insert into platform_days (day)
select distinct day
from taken
