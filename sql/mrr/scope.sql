-- One row: the first day on which anything is redone, as text, for a driver that has no infinite dates.
select least(cast(:day_from as date), min(r.day_from))::text as first_day
from mrr_redo as r
