-- Batches that have a run and are not finished: the run is still running, or it died.
select id, source, lane, dag_id, dag_run_id
from batch
where finished_at is null and dag_run_id is not null
order by id
