-- One row: one movement of the whole platform on one day in [:first_day, :last_day].
select
    day,
    movement,
    sum(amount) as amount
from rollup.mrr_movements
where day >= :first_day and day <= :last_day
group by day, movement
order by day, movement
