-- What was seen earlier today is replaced, however often it changed. A subscription first seen today leaves nothing.
delete from pipeline.subscription_versions as v
using subscriptions_changed as c
where v.subscription_id = c.subscription_id and (v.day_from >= :today or c.seen_on >= :today)
