-- The request of this run; a request without an Airflow is older than the ids of Airflows.
with earlier as (
    select id, wanted from reprocessing
    where run_id = %(run_id)s and (airflow_id is null or airflow_id = %(airflow_id)s::uuid)
    order by airflow_id nulls last
    limit 1
), added as (
    insert into reprocessing (run_id, airflow_id, wanted)
    select %(run_id)s::text, %(airflow_id)s::uuid, %(wanted)s::jsonb where not exists (select from earlier)
    on conflict (run_id, coalesce(airflow_id, '00000000-0000-0000-0000-000000000000')) do update set run_id = excluded.run_id
    returning id, xmax = 0 as is_new, wanted
)
select id, is_new, wanted from added
union all
select id, false, wanted from earlier
