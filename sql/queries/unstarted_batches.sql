select b.id, b.source, b.lane, count(i.media_object_id)::int as items, b.bytes, b.run_token,
       (array_agg(o.key order by i.position))[1:3] as first_keys
from batch b
join batch_item i on i.batch_id = b.id
join media_object o on o.id = i.media_object_id
where b.dag_run_id is null
  and (%(source)s::text is null or b.source = %(source)s)
  and (%(airflow_id)s::uuid is null or b.airflow_id = %(airflow_id)s)
group by b.id
order by b.id
