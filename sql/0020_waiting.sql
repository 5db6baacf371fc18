-- Why recordings wait, as commands tell without access to Airflow: DAGs that are paused, and quotas that are used.

alter table airflow
    add column dags jsonb not null default '{}' check (jsonb_typeof(dags) = 'object'),
    add column swept_at timestamptz;
comment on column airflow.dags is 'By the id of each DAG that its sources file needs: whether it is paused, as the latest sweep saw it.';
comment on column airflow.swept_at is 'When its `sweep_ledger` ran last.';

alter table source add column quota_used_at timestamptz;
comment on column source.quota_used_at is
    'When the latest planning left recordings for the next day (UTC), because hours_per_day was used; null if it left none.';
