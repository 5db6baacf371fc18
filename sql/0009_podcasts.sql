-- Podcasts: the feeds we follow, their episodes, and each copy that we made of one.

create table feed (
    id              bigint      generated always as identity primary key,
    source          text        not null references source,
    url             text        not null check (url <> ''),
    title           text,
    link            text,
    language        text,
    podcast_guid    text,
    moved_to        text,
    etag            text,
    last_modified   text,
    created_at      timestamptz not null default now(),
    read_at         timestamptz,
    next_try_at     timestamptz not null default now(),
    attempts        int         not null default 0 check (attempts >= 0),
    last_error_at   timestamptz,
    last_error_code text,
    last_error      text,
    retired_at      timestamptz,
    constraint feed_once unique (source, url),
    constraint feed_error_is_whole check ((last_error_at is null) = (last_error is null))
);
comment on table feed is 'A feed of a source of kind podcast; without user and password, which stay in the configuration.';
comment on column feed.etag is 'With last_modified: what the server said of the version that we have read whole, to ask only for a newer one.';
comment on column feed.read_at is 'When it last answered properly, with news or without.';
comment on column feed.attempts is 'Failures in a row; 0 after a good answer. last_error stays, as a memory.';
comment on column feed.moved_to is 'Where the feed says it lies from now on. Put this address into the configuration: the episodes are known there too.';
comment on column feed.retired_at is 'When it was found missing in the configuration. Its episodes stay.';
create index feed_due on feed (next_try_at) where retired_at is null;

create table episode (
    id                 bigint      generated always as identity primary key,
    feed_id            bigint      not null references feed,
    guid               text        not null,
    guid_sha256        text        not null check (guid_sha256 ~ '^[0-9a-f]{64}$'),
    title              text        not null,
    published_at       timestamptz,
    duration_s         double precision check (duration_s > 0 and duration_s < 'infinity'),
    link               text,
    transcripts        jsonb       not null default '[]',
    url                text        not null,
    length             bigint      check (length > 0),
    media_type         text,
    bucket             text        not null check (bucket <> ''),
    key                text        not null check (key <> ''),
    state              text        not null default 'wanted' check (state in ('wanted', 'copied', 'failed', 'erased')),
    attempts           int         not null default 0 check (attempts >= 0),
    not_before         timestamptz,
    reason_class       text        references failure_class,
    reason_code        text,
    reason             text,
    etag               text,
    size               bigint      check (size > 0),
    sha256             text        check (sha256 ~ '^[0-9a-f]{64}$'),
    http_etag          text,
    http_last_modified text,
    resume_id          text,
    resume_if_range    text,
    checked_at         timestamptz,
    first_seen_at      timestamptz not null default now(),
    updated_at         timestamptz not null default now(),
    constraint episode_once unique (feed_id, guid_sha256),
    constraint episode_key unique (bucket, key),
    constraint episode_copy_is_whole check ((etag is null) = (size is null)),
    constraint episode_failure_has_reason check (state <> 'failed' or (reason_class is not null and reason is not null))
);
comment on table episode is 'An episode as its feed tells it now, where it is kept, and the copy that lies there.';
comment on column episode.key is 'Decided at first sight and kept: titles and addresses change, and a new key would be a new recording.';
comment on column episode.length is 'What the feed calls its size. Often wrong; a change of it is a sign of a new version.';
comment on column episode.state is
    'wanted: to be copied, or to be asked for again since the feed changed it; failed: given up until the feed changes it; erased: never again.';
comment on column episode.etag is 'In S3, of the copy that we made last; null before the first.';
comment on column episode.resume_id is 'An unfinished upload in S3, to go on with while the file is the one of resume_if_range.';
create index episode_wanted on episode (feed_id) where state = 'wanted';

create table episode_copy (
    id         bigint      generated always as identity primary key,
    episode_id bigint      not null references episode,
    bucket     text        not null,
    key        text        not null,
    etag       text        not null check (etag <> ''),
    size       bigint      not null check (size > 0),
    sha256     text,
    url        text        not null,
    copied_at  timestamptz not null default now(),
    constraint episode_copy_once unique (bucket, key, etag)
);
comment on table episode_copy is
    'Each version of an episode that was put into the bucket: the same key, another ETag. The ledger knows it as a media_object of that name.';
create index episode_copy_by_episode on episode_copy (episode_id, copied_at);

-- The door for whoever needs to know more of a recording than its bytes tell: its date of publication above all.
create view object_episode as
select o.id as media_object_id, e.id as episode_id, f.id as feed_id, f.title as show, f.url as feed_url, e.guid, e.title,
       e.published_at, e.duration_s, e.link, e.transcripts, f.language
from media_object o
join episode_copy c on (c.bucket, c.key, c.etag) = (o.bucket, o.key, o.etag)
join episode e on e.id = c.episode_id
join feed f on f.id = e.feed_id;
comment on view object_episode is 'The podcast episode that a media object is a copy of, where it is one.';

create function erase_episode(of_bucket text, of_key text) returns void language sql as $$
    delete from episode_copy where (bucket, key) = (of_bucket, of_key);
    update episode set
        state = 'erased', guid = '', title = '', published_at = null, duration_s = null, link = null, transcripts = '[]', url = '',
        length = null, media_type = null, key = 'erased/' || id, etag = null, size = null, sha256 = null, http_etag = null,
        http_last_modified = null, resume_id = null, resume_if_range = null, reason_class = null, reason_code = null,
        reason = null, updated_at = now()
    where (bucket, key) = (of_bucket, of_key);
$$;
comment on function erase_episode(text, text) is
    'For whoever erases the recording: its episode tells nothing any more (keys hold titles) but the hash of its guid, by which its feed cannot bring it back.';

-- For people: how each feed is doing.
create view feed_health as
select f.id, f.source, f.title, f.url, f.moved_to, f.read_at, f.next_try_at, f.attempts, f.last_error_at, f.last_error_code,
       f.last_error, f.retired_at,
       count(e.id) as episodes,
       count(e.id) filter (where e.etag is not null) as copied,
       count(e.id) filter (where e.state = 'wanted') as wanted,
       count(e.id) filter (where e.state = 'failed') as failed
from feed f
left join episode e on e.feed_id = f.id
group by f.id;
