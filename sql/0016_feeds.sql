-- Feeds: what they name and we leave out or hold back, and episodes that come under other names.

alter table feed
    add column left_out jsonb not null default '{}' check (jsonb_typeof(left_out) = 'object'),
    add column held_back int not null default 0 check (held_back >= 0);
comment on column feed.left_out is 'Numbers of entries and pages that are no episodes, by reason, as last read.';
comment on column feed.held_back is 'Episodes that wait for the next day, because the feed has reached its daily limit.';

alter table episode
    add column address text,
    add column same_as bigint references episode;
comment on column episode.address is 'What of the URL identifies the file: without protocol, tokens and marks of trackers.';
comment on column episode.same_as is 'The episode of the same feed that has the same file, which is not copied twice.';
alter table episode drop constraint episode_state_check;
alter table episode add constraint episode_state_check check (state in ('wanted', 'copied', 'failed', 'erased', 'same'));
comment on column episode.state is
    'wanted: to be copied, or to be asked for again since the feed changed it; failed: given up until the feed changes it; erased: never again; same: its file was copied for same_as.';
create index episode_by_sha256 on episode (feed_id, sha256) where sha256 is not null;
create index episode_by_first_seen on episode (feed_id, first_seen_at);

create function is_changed(known episode, told episode) returns boolean language sql immutable as $$
    select known.length is distinct from told.length
        or case when known.address is null then known.url <> told.url else known.address is distinct from told.address end
$$;
comment on function is_changed(episode, episode) is 'Whether a feed names another file for an episode than before.';

create or replace function erase_episode(of_bucket text, of_key text) returns void language sql as $$
    delete from episode_copy where (bucket, key) = (of_bucket, of_key);
    update episode set
        state = 'erased', guid = '', title = '', published_at = null, duration_s = null, link = null, transcripts = '[]', url = '',
        address = null, length = null, media_type = null, key = 'erased/' || id, etag = null, size = null, sha256 = null,
        http_etag = null, http_last_modified = null, resume_id = null, resume_if_range = null, reason_class = null,
        reason_code = null, reason = null, updated_at = now()
    where (bucket, key) = (of_bucket, of_key);
$$;

create or replace view feed_health as
select f.id, f.source, f.title, f.url, f.moved_to, f.read_at, f.next_try_at, f.attempts, f.last_error_at, f.last_error_code,
       f.last_error, f.retired_at,
       count(e.id) as episodes,
       count(e.id) filter (where e.etag is not null) as copied,
       count(e.id) filter (where e.state = 'wanted') as wanted,
       count(e.id) filter (where e.state = 'failed') as failed,
       count(e.id) filter (where e.state = 'same') as same,
       f.left_out, f.held_back
from feed f
left join episode e on e.feed_id = f.id
group by f.id;
