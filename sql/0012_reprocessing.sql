-- Requests to make recordings again: who asked for what, and which recordings each request took.

create table reprocessing (
    id       bigint generated always as identity primary key,
    run_id   text        not null unique check (run_id <> ''),
    wanted   jsonb       not null check (jsonb_typeof(wanted) = 'object'),
    asked_at timestamptz not null default now()
);
comment on table reprocessing is 'A request: one run of the DAG reprocess. A run that is cleared and tried again takes nothing a second time.';
comment on column reprocessing.run_id is 'The id of the run, as it also stands in the history of each object.';
comment on column reprocessing.wanted is 'What was asked for, as the run was given it.';

create table reprocessing_item (
    reprocessing_id bigint not null references reprocessing,
    media_object_id bigint not null references media_object,
    primary key (reprocessing_id, media_object_id)
);
create index reprocessing_item_by_object on reprocessing_item (media_object_id, reprocessing_id);
comment on table reprocessing_item is 'What a request put back into the queue. Requests with a limit take first what none has taken yet.';

-- An object's latest run of a stage is asked for, object by object: with the id in the index that is one step each.
drop index stage_run_by_object;
create index stage_run_by_object on stage_run (media_object_id, stage, id);

create function told_date(metadata jsonb) returns date language plpgsql immutable as $$
declare
    parts text[] := regexp_match(metadata ->> 'date', '^(\d{4})[-/_.]?(\d\d)[-/_.]?(\d\d)');
begin
    return make_date(parts[1]::int, parts[2]::int, parts[3]::int);
exception when datetime_field_overflow then
    return null;
end $$;
comment on function told_date(jsonb) is
    'The date that a key tells (2025-03-01, 20250301, 2025/03/01), null where it tells none, or one that is in no calendar.';

create function own_date(o media_object) returns date language sql stable as $$
    select coalesce(
        told_date(o.metadata),
        (select (e.published_at at time zone 'UTC')::date from object_episode e where e.media_object_id = o.id),
        (o.last_modified at time zone 'UTC')::date
    )
$$;
comment on function own_date(media_object) is
    'The recording''s own date: as its key tells it, else as its feed does, else when the object was written (UTC).';
