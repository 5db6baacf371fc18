-- Unfinished recordings: by source those that are only seen, by lane those in a batch, and those without a batch.
select o.state, case when o.state = 'seen' then o.source end as source, b.lane, count(*)::int as objects
from media_object o
left join batch b on b.id = o.batch_id
where o.state in ('seen', 'claimed')
group by 1, 2, 3
