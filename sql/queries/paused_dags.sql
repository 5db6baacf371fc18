-- The DAGs that are paused in every Airflow that has them.
select d.key as dag_id, max(a.swept_at) as seen_at
from airflow a, jsonb_each(a.dags) d
where a.last_seen_at >= now() - make_interval(secs => %(silent_s)s)
group by d.key
having bool_and(d.value::boolean)
order by d.key
