truncate cost_days, right_costs, changed_costs
