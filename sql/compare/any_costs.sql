-- One row: how many days are left to compare.
select count(*) as days
from asked_costs
