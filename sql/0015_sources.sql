-- Sources outlive their entry in a sources file: which are configured now, and what becomes of those that are not.

create table source_use (
    source     text not null references source,
    airflow_id uuid not null references airflow,
    bucket     text not null,
    prefix     text not null,
    primary key (source, airflow_id)
);
comment on table source_use is 'The sources file of each Airflow, as its latest sweep read it.';

alter table source
    add column bucket text,
    add column prefix text,
    add column retired_at timestamptz,
    add column retention jsonb not null default '{}' check (jsonb_typeof(retention) = 'object'),
    add column renamed_to text references source;
comment on column source.bucket is 'With prefix: where it was configured last. Announcements there are kept for it while it is not configured.';
comment on column source.retired_at is 'When a person said that it will not come back; a sources file that has it undoes that.';
comment on column source.retention is 'Retention after it is retired: media_days, proxy_days, transcript_days. What is missing is kept.';
comment on column source.renamed_to is 'The source that has its recordings now.';
