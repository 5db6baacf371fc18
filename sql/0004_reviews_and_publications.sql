-- What people are asked, and what Elasticsearch should hold.

create table review_item (
    id              bigint generated always as identity primary key,
    media_object_id bigint      not null references media_object,
    kind            text        not null check (kind in ('triage', 'assessment')),
    transcript_id   bigint      references transcript,
    reasons         text[]      not null check (cardinality(reasons) > 0),
    opened_at       timestamptz not null default now(),
    closed_at       timestamptz,
    resolution      text,
    constraint review_item_closed_has_resolution check ((closed_at is null) = (resolution is null)),
    constraint review_item_assessment_has_transcript check (kind <> 'assessment' or transcript_id is not null)
);
comment on table review_item is 'One question to a person; open while closed_at is null.';
create unique index review_item_open on review_item (media_object_id, kind) where closed_at is null;
create index review_item_by_object on review_item (media_object_id);
create index review_item_by_transcript on review_item (transcript_id);

create table review_event (
    id        bigint generated always as identity primary key,
    review_id bigint      not null references review_item,
    at        timestamptz not null default clock_timestamp(),
    actor     text        not null check (actor <> ''),
    action    text        not null check (action in ('opened', 'changed', 'closed')),
    details   jsonb       not null default '{}'
);
comment on table review_event is 'The audit of review_item; never changed.';
create index review_event_by_review on review_event (review_id, id);
create trigger review_event_append_only before update or delete or truncate on review_event
    for each statement execute function refuse_change();

create table publication (
    id            bigint generated always as identity primary key,
    transcript_id bigint      not null references transcript,
    audio_sha256  text        not null references recording,
    created_at    timestamptz not null default now(),
    published_at  timestamptz,
    attempts      int         not null default 0 check (attempts >= 0),
    last_error    text
);
comment on table publication is
    'The outbox: a row each time a transcript becomes current, in the same transaction. Only the newest of a recording matters.';
comment on column publication.id is
    'Grows with every change of what a recording should show, so it is the documents'' external version.';
create index publication_pending on publication (attempts, id) where published_at is null;
create index publication_by_audio on publication (audio_sha256, id);
create index publication_by_transcript on publication (transcript_id);
