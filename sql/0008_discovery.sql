-- How recordings are found: by whom first, what their key tells, how far a listing has come, and whether events come.

alter table media_object
    add column first_seen_by text not null default 'listing' check (first_seen_by in ('listing', 'event')),
    add column metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object');
comment on column media_object.metadata is
    'What the key tells, by the named groups of its source''s rule: show, date, speaker, … A hook for search documents.';
comment on column media_object.not_before is
    'Not planned into a batch before this moment; while it is only seen: not looked at again before.';
create index media_object_waiting on media_object (source, not_before) where state = 'seen';
create index media_object_found_by_listing on media_object (source, last_modified) where first_seen_by = 'listing';

create table listing (
    source       text        not null references source,
    prefix       text        not null,
    watermark    text,
    whole_at     timestamptz,
    listed_at    timestamptz not null default clock_timestamp(),
    primary key (source, prefix)
);
comment on table listing is 'How far each prefix has been listed.';
comment on column listing.watermark is
    'Where keys grow with time: nothing new is expected up to this key. Compared by S3, never here: it orders by bytes.';
comment on column listing.whole_at is 'When the last listing of the whole prefix came to its end.';

create table hearing (
    source        text        primary key references source,
    since         timestamptz not null default now(),
    last_event_at timestamptz,
    events        bigint      not null default 0 check (events >= 0)
);
comment on table hearing is
    'Whether a source''s uploads are announced: silence while listings still find new objects is an alarm.';
comment on column hearing.since is 'The last announcement; before the first, the moment somebody began to listen.';
