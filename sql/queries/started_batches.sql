-- Batches that have a run and are not finished: the run is still running, or it died.
select b.id, b.source, b.lane, b.dag_id, b.dag_run_id, b.airflow_id,
       coalesce(a.last_seen_at, b.started_at) < now() - make_interval(secs => %(silent_s)s) as is_silent
from batch b
left join airflow a on a.id = b.airflow_id
where b.finished_at is null and b.dag_run_id is not null
order by b.id
