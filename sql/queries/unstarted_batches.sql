select b.id, b.source, b.lane, count(i.media_object_id)::int as items, b.bytes
from batch b
join batch_item i on i.batch_id = b.id
where b.dag_run_id is null
  and (%(source)s::text is null or b.source = %(source)s)
group by b.id
order by b.id
