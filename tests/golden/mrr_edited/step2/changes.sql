update subscriptions set monthly_amount = 200, plan = 'max' where id = 1
