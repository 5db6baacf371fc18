-- The conditions are on the locked row itself, so that of two Airflows the second checks them on its newest version.
update batch b
set airflow_id = %(airflow_id)s::uuid
where b.dag_run_id is null
  and b.airflow_id is distinct from %(airflow_id)s::uuid
  and (%(source)s::text is null or b.source = %(source)s)
  and (
      b.airflow_id is null
      or exists (
          select from airflow a
          where a.id = b.airflow_id and a.last_seen_at < now() - make_interval(secs => %(silent_s)s)
      )
  )
