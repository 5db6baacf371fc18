-- Whose run works on a batch: several Airflows may use one catalog, and one Airflow may have used another catalog before.

create table airflow (
    id            uuid        primary key,
    first_seen_at timestamptz not null default now(),
    last_seen_at  timestamptz not null default now()
);
comment on table airflow is 'The Airflow installations that use this catalog, each by the id that it keeps as a variable.';
comment on column airflow.last_seen_at is 'When a task of it used the catalog last; `sweep_ledger` does so every few minutes.';

alter table batch
    add column airflow_id uuid references airflow,
    add column run_token text not null default left(replace(gen_random_uuid()::text, '-', ''), 12);
comment on column batch.airflow_id is
    'The Airflow that starts and runs it. Null: started before there were ids, or not offered to any yet.';
comment on column batch.run_token is
    'Part of the id of its run: numbers begin at 1 in each catalog and repeat after a restore, so an Airflow may have a run of that number.';

drop index batch_run;
create unique index batch_run on batch (coalesce(airflow_id, '00000000-0000-0000-0000-000000000000'), coalesce(dag_id, ''), dag_run_id);

-- Ids of runs are unique within one Airflow only.
alter table reprocessing add column airflow_id uuid references airflow;
alter table reprocessing drop constraint reprocessing_run_id_key;
create unique index reprocessing_run on reprocessing (run_id, coalesce(airflow_id, '00000000-0000-0000-0000-000000000000'));
