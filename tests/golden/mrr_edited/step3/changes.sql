update subscriptions set status = 'canceled' where id = 1
