-- Failure classes, waiting before another try, and what becomes of a recording whose object leaves the bucket.

create table failure_class (
    name        text primary key,
    description text not null
);
insert into failure_class (name, description) values
    ('terminal',  'trying again with the same object cannot help'),
    ('transient', 'the world was at fault: tried again later and later, many times'),
    ('doubtful',  'nobody foresaw it (a crash, a hang, an error of ours): tried again alone, a few times');

alter table media_object
    add column reason_class text references failure_class,
    add column attempts int not null default 0 check (attempts >= 0),
    add column not_before timestamptz,
    add column lane text check (lane in ('fresh', 'backfill'));
comment on column media_object.attempts is 'How often in a row it went back to the queue after a failure; an end or a person resets it.';
comment on column media_object.not_before is 'Not planned into a batch before this moment.';
comment on column media_object.lane is 'The lane it is planned in; null: whichever the planner names.';
update media_object set reason_class = 'terminal' where state = 'quarantined';
alter table media_object add constraint media_object_quarantine_has_class
    check (state <> 'quarantined' or reason_class is not null);
create index media_object_quarantined on media_object (updated_at) where state = 'quarantined';
update media_state set description = 'listed, not yet claimed: not whole yet, or in an archive' where name = 'seen';
update media_state set description = 'no longer in the bucket under this key: deleted, or replaced by a newer object' where name = 'gone';

alter table media_object_event
    add column reason_class text references failure_class,
    add column batch_id bigint references batch,
    add column attempts int not null default 0;
comment on column media_object_event.batch_id is 'The batch that made the move, or that it was taken out of.';

-- An end resets the counters, wherever the move comes from.
create or replace function check_media_object_move() returns trigger language plpgsql as $$
begin
    if new.state <> old.state
       and not exists (select from media_transition where from_state = old.state and to_state = new.state) then
        raise exception 'media object % (%/%): cannot go from % to %', old.id, old.bucket, old.key, old.state, new.state
            using errcode = 'MI001';
    end if;
    if new.state in ('indexed', 'in_review', 'duplicate', 'gone') then
        new.attempts := 0;
        new.not_before := null;
    end if;
    if new.state not in ('claimed', 'quarantined') then
        new.reason_class := null;
    end if;
    new.updated_at := clock_timestamp();
    return new;
end $$;

create or replace function write_media_object_event() returns trigger language plpgsql as $$
begin
    insert into media_object_event (
        media_object_id, from_state, to_state, reason_code, reason, reason_class, stage, batch_id, attempts
    )
    values (
        new.id, case when tg_op = 'UPDATE' then old.state end, new.state, new.reason_code, new.reason, new.reason_class,
        new.reason_stage, case when tg_op = 'UPDATE' then coalesce(new.batch_id, old.batch_id) end, new.attempts
    );
    return null;
end $$;

drop trigger media_object_moved on media_object;
create trigger media_object_moved after update on media_object for each row
    when ((old.state, old.reason_code, old.reason, old.attempts) is distinct from (new.state, new.reason_code, new.reason, new.attempts))
    execute function write_media_object_event();

alter table stage_run drop constraint stage_run_error_kind_check;
alter table stage_run add constraint stage_run_error_kind_check check (error_kind in ('terminal', 'transient', 'doubtful'));

-- Which run works on a batch: one started by hand has an id of its own, and may be of either lane's DAG.
alter table batch add column dag_id text;
comment on column batch.dag_run_id is
    'The latest run that works on it. Null until one was started: a crash between planning and starting loses nothing.';
alter table batch drop constraint batch_dag_run_id_key;
create unique index batch_run on batch (coalesce(dag_id, ''), dag_run_id);
create index batch_unfinished on batch (id) where finished_at is null and dag_run_id is not null;

-- A hook for whoever keeps Elasticsearch in step: recordings that it may still hold and should not.
create view withdrawn_recording as
select p.audio_sha256, max(p.id) as publication_id, max(p.published_at) as published_at
from publication p
where p.published_at is not null
  and not exists (select from transcript t where t.audio_sha256 = p.audio_sha256 and t.is_current)
group by p.audio_sha256;
comment on view withdrawn_recording is
    'Published once, and without a current transcript now: no object in the bucket has this audio any more.';
