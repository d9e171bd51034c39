-- What hours would have to say cannot be said any more where retention has dropped them: these days stay as they are.
delete from cost_days as d
using pipeline.progress as g
where d.by_hours and d.starts_at < g.hours_from
