-- The ledger: every object ever seen, the state it is in, and how it got there.

create table source (
    name        text        primary key check (name <> ''),
    created_at  timestamptz not null default now()
);
comment on table source is 'Where recordings come from, as named in the configuration.';

create table media_state (
    name        text primary key,
    description text not null
);
insert into media_state (name, description) values
    ('seen',        'listed, not yet claimed (reserved)'),
    ('claimed',     'ours to index; planned into a batch or about to be'),
    ('indexed',     'its transcript is current and published'),
    ('in_review',   'waits for a person'),
    ('duplicate',   'the same audio is already known under another object'),
    ('quarantined', 'cannot be indexed; reason_code and reason say why'),
    ('gone',        'the object is no longer in the bucket (reserved)');

create table media_transition (
    from_state text not null references media_state,
    to_state   text not null references media_state,
    primary key (from_state, to_state)
);
comment on table media_transition is 'The only moves a media object may make; the trigger media_object_move refuses all others.';
insert into media_transition (from_state, to_state) values
    ('seen', 'claimed'), ('seen', 'gone'),
    ('claimed', 'indexed'), ('claimed', 'in_review'), ('claimed', 'duplicate'), ('claimed', 'quarantined'), ('claimed', 'gone'),
    ('in_review', 'indexed'), ('in_review', 'quarantined'), ('in_review', 'duplicate'), ('in_review', 'gone'),
    ('in_review', 'claimed'),
    ('indexed', 'in_review'), ('indexed', 'quarantined'), ('indexed', 'duplicate'), ('indexed', 'gone'), ('indexed', 'claimed'),
    ('duplicate', 'gone'), ('duplicate', 'claimed'),
    ('quarantined', 'gone'), ('quarantined', 'claimed'),
    ('gone', 'claimed');

create table media_object (
    id            bigint generated always as identity primary key,
    source        text        not null references source,
    bucket        text        not null check (bucket <> ''),
    key           text        not null check (key <> ''),
    etag          text        not null check (etag <> ''),
    version_id    text        check (version_id <> ''),
    size          bigint      not null check (size >= 0),
    last_modified timestamptz not null,
    state         text        not null default 'claimed' references media_state,
    reason_code   text,
    reason        text,
    reason_stage  text,
    audio_sha256  text        check (audio_sha256 ~ '^[0-9a-f]{64}$'),
    claimed_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    constraint media_object_identity unique (bucket, key, etag),
    constraint media_object_quarantine_has_reason check (state <> 'quarantined' or (reason_code is not null and reason is not null))
);
comment on table media_object is 'One version of one object in a bucket.';
comment on column media_object.etag is
    'Identity together with bucket and key. Listings give no version id and events do, so only the ETag lets both claim the same object once.';
comment on column media_object.version_id is 'Which version to read where the bucket keeps versions and the claimer knew it.';
create index media_object_by_source_state on media_object (source, state, id);
create index media_object_by_audio on media_object (audio_sha256) where audio_sha256 is not null;

create table media_object_event (
    id              bigint generated always as identity primary key,
    media_object_id bigint      not null references media_object,
    at              timestamptz not null default clock_timestamp(),
    from_state      text        references media_state,
    to_state        text        not null references media_state,
    reason_code     text,
    reason          text,
    stage           text,
    actor           text        not null default coalesce(nullif(current_setting('application_name'), ''), current_user)
);
comment on table media_object_event is 'Every move of every object, written by a trigger, never changed.';
create index media_object_event_by_object on media_object_event (media_object_id, id);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '%: rows are never changed (%)', tg_table_name, lower(tg_op) using errcode = 'MI002';
end $$;

create trigger media_object_event_append_only before update or delete or truncate on media_object_event
    for each statement execute function refuse_change();

create function check_media_object_move() returns trigger language plpgsql as $$
begin
    if new.state <> old.state
       and not exists (select from media_transition where from_state = old.state and to_state = new.state) then
        raise exception 'media object % (%/%): cannot go from % to %', old.id, old.bucket, old.key, old.state, new.state
            using errcode = 'MI001';
    end if;
    new.updated_at := clock_timestamp();
    return new;
end $$;

create trigger media_object_move before update on media_object
    for each row execute function check_media_object_move();

create function write_media_object_event() returns trigger language plpgsql as $$
begin
    insert into media_object_event (media_object_id, from_state, to_state, reason_code, reason, stage)
    values (new.id, case when tg_op = 'UPDATE' then old.state end, new.state, new.reason_code, new.reason, new.reason_stage);
    return null;
end $$;

create trigger media_object_claimed after insert on media_object
    for each row execute function write_media_object_event();
create trigger media_object_moved after update on media_object for each row
    when ((old.state, old.reason_code, old.reason) is distinct from (new.state, new.reason_code, new.reason))
    execute function write_media_object_event();
