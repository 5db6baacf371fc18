-- Objects that a run is processing: it would write after the erasure.
select o.id, b.id as batch_id, b.dag_run_id
from media_object o join batch b on b.id = o.batch_id
where o.id = any (%(objects)s) and o.state = 'claimed' and b.dag_run_id is not null and b.finished_at is null
order by o.id
limit 1
